"""Tells sentences apart that say the same of different names of a library."""

from __future__ import annotations

import re

__all__ = ["said_of_many"]

_KINDS = {
    r"\S+ is defined as \S+ in the source, but is \S+ when imported": (
        "are defined elsewhere in the source than when imported"
    ),
    r"\S+ has a signature in the source, but none when imported": (
        "have a signature in the source, but none when imported"
    ),
    r"\S+ takes \(.*\) in the source, but \(.*\) when imported": (
        "take other parameters in the source than when imported"
    ),
    r"\S+: \S+ is .* by default in the source, but .* when imported": (
        "have another default in the source than when imported"
    ),
    r"\S+ is in the source but not in the imported module.*": (
        "are in the source but not in the imported module"
    ),
    r"\S+ is a (\w+) when imported and (a \w+|nothing) in the source": (
        r"are a \1 when imported and \2 in the source"
    ),
    r"\S+ has no signature that Python can inspect": "have no signature that Python can inspect",
}
"""What the sentences on differences say of several names, by a pattern of the sentence."""


def said_of_many(sentence: str) -> str:
    """Return what a sentence on a difference says, as it is said of several names.

    It is the same text for all sentences that differ in names and values only, and empty for a
    sentence that isn't about one name of a module: its grammar is "5 names ...".

    Parameters
    ----------
    sentence
        One of `Inventory.differences`.
    """
    for pattern, said in _KINDS.items():
        if match := re.fullmatch(pattern, sentence):
            return match.expand(said)
    return ""
