"""Phrases for calls whose results differ between the CPU and the GPU.

The build copies this file into the package, so that a trace, a docstring, `voxbind show` and
``docs/twins.md`` say the same thing in the same words.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["difference", "enumerated", "kind_of_call"]


def enumerated(names: Sequence[str]) -> str:
    """Return names as a list in a sentence: ``a, b and c``."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def kind_of_call(dtype: str, parameters: Sequence[str], of: str = "") -> str:
    """Return a phrase that limits a sentence to some calls: ``for bool with mode and cval``.

    Parameters
    ----------
    dtype
        dtype of the image; empty for any.
    parameters
        Parameters that aren't at their defaults.
    of
        Words before the dtype, such as ``images of``.

    Returns
    -------
    str
        Empty if the sentence is about every call.
    """
    words = [f"for {of} {dtype}" if of else f"for {dtype}"] if dtype else []
    return " ".join([*words, *([f"with {enumerated(parameters)}"] if parameters else [])])


def difference(max_relative: float | None, others: str) -> str:
    """Return the predicate of a sentence on how much results differ from others.

    Parameters
    ----------
    max_relative
        Largest difference, divided by the largest number in the CPU's result. None if the two
        results differ in kind or shape, which no number measures.
    others
        The results they are compared with: ``the CPU's``.
    """
    if max_relative is None:
        return f"differ in kind or shape from {others}"
    return f"differ from {others} by up to {max_relative:.2g} times the largest number"
