"""What differs between two records because of the versions of voxbind that made them."""

from __future__ import annotations

from voxbind_build.model import Change

__all__ = ["only_in_one"]


def only_in_one(name: str, facts: str, *, is_newer: bool) -> Change:
    """Return the change of facts that an older voxbind didn't record.

    Parameters
    ----------
    name
        The name that the change is reported under.
    facts
        The facts, in words and the plural.
    is_newer
        Whether the newer record has them.
    """
    words = f"{facts} are only in the {'newer' if is_newer else 'older'} record"
    return Change(heading="record", names=(name,), words=(words,))
