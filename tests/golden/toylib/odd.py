r"""Signatures and texts that are hard to write down again."""

import math as _math
import warnings

import numpy as np


class _Missing:
    def __repr__(self):
        return "<missing>"


MISSING = _Missing()
_NOISE = 0.5
_counts = range(1, 10, 2)


def rescale(image, factor=2.0, *, offset: float = -1.5, limit=_math.inf, noise=_NOISE, low=MISSING):
    """Multiply and add.

    Parameters
    ----------
    image : array_like
        The image.
    factor : float, optional
        Multiplied.
    offset : float
        Added.
    limit : int, optional
        Values above this are cut.
    noise : float
        Ignored.
    low : float, optional
        Deprecated.

        .. deprecated:: 0.9
            Does nothing.

    Returns
    -------
    ndarray
        The scaled image.
    """
    if low is not MISSING:
        warnings.warn("low does nothing", FutureWarning, stacklevel=2)
    return np.minimum(np.asarray(image) * factor + offset, limit)


def apply(image, function, /, *args, extra=float("nan"), **kwargs):
    """Apply a function to an image.

    Parameters
    ----------
    image : ndarray
        The image.
    function : callable
        It is given the image, `args` and `kwargs`.
    *args : tuple
        More arguments.
    extra : float
        Ignored.
    **kwargs : dict
        More keyword arguments.

    Returns
    -------
    Any
        What the function returns.
    """
    return function(image, *args, **kwargs)


def combine(image, weights=(1, -2.5, 1j), key=lambda value: value, counts=_counts, empty={}):  # noqa: B006
    """Weigh an image.

    Parameters
    ----------
    image: ndarray
        The image.
    weights : tuple of complex
        Their sum is taken.
    key : callable
        Applied to the image.
    counts : a thing that nobody can read ((
        Ignored.
    empty :
        Ignored.

    Returns
    -------
    ndarray
    """
    return key(np.asarray(image)) * sum(weights)


def hostile(image, text="\"\"\"'''\\\n\t\x00\u2028\U0001f52c{{ 1 }}{% raw %}", end="\\"):
    """Quote ''' and \""" and \\ and {{ braces }} and {% raw %}, and end in \\N and é 🔬 \u2028.

    Parameters
    ----------
    image : ndarray
        The image, not \x00 and not ''\'\"""\\
    text : {'a', "b'", '\"""\\\\'}, optional
        \"""; raise SystemExit("the docstring was executed") #
    end : str
        Ends in a backslash and a quote: \\"

    Returns
    -------
    image : ndarray
        \"""
    """
    return np.asarray(image)
