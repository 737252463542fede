"""Where a function and its twin on the CPU don't do the same, as far as that was seen.

`voxbind.auto` runs the one where the image is on a device, and leaves to the other what only
that one does, or does otherwise.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from voxbind_build.classify.from_twin import has_numbers, is_plain
from voxbind_build.common.typeexpr import TypeExpr, head, is_open, names, parse, walk
from voxbind_build.model import Contract, Description, Deviation, Function, Numbers, Twin, Verdict

__all__ = ["limited"]

_ALIKE: dict[frozenset[Contract | None], int] = {
    frozenset({"PURE_2D", "FLEXIBLE"}): 2,
    frozenset({"PURE_3D", "FLEXIBLE"}): 3,
}
"""By two contracts, how many axes an image has of which both make the same."""
_KERNEL = re.compile(r"\b\w*Kernel\b")
_ARRAYS = frozenset(("Array", "ArrayT"))


def limited(pair: Twin, description: Description, verdict: Verdict, twin: Function) -> Twin:
    """Add to a pair what only the twin takes, and what comes back.

    Parameters
    ----------
    pair
        How the signatures differ.
    description, verdict
        Of the function on the device.
    twin
        What is known of the one on the CPU.
    """
    types = [twin.returns.annotation, *(form.annotation for form in twin.returns.forms)]
    documented = {each.name: each.documented for each in description.parameters}
    return replace(
        pair,
        deviations=_deviations(pair),
        refuses=tuple(
            sorted(
                given
                for given in verdict.refuses
                if not given.startswith("(") and given not in twin.refuses
            )
        ),
        dtypes={
            given: (twin.dtypes[given].dtype, seen.dtype)
            for given, seen in verdict.dtypes.items()
            if given in twin.dtypes and twin.dtypes[given].dtype != seen.dtype
        },
        axes=_axes(verdict, twin),
        kernels=tuple(
            each.name
            for each in twin.parameters
            if "Callable" in names(parse(each.annotation))
            and _KERNEL.search(documented.get(pair.renamed.get(each.name, each.name), ""))
        ),
        objects=any(not is_plain(each) or "Callable" in names(parse(each)) for each in types),
        numbers=_numbers(types),
    )


def _deviations(pair: Twin) -> tuple[Deviation, ...]:
    """Return the kinds of call that differ by more than is allowed, and are part of no other.

    An argument was tried on images of one dtype, and is taken to do the same on all. Where nothing
    tells of which kind a difference is, it may be in every call.
    """
    others = {mine: theirs for theirs, mine in pair.renamed.items()}
    found: list[Deviation] = []
    for each in pair.agreement.deviations if pair.agreement is not None else ():
        if each.unlike or each.max_relative > pair.tolerance:
            dtype = "" if each.parameters else each.dtype
            parameters = tuple(others.get(name, name) for name in each.parameters)
            found.append(replace(each, dtype=dtype, parameters=parameters))
    if pair.agreement is not None and pair.differs and not found:
        found = [
            Deviation(max_relative=pair.agreement.relative, unlike=bool(pair.agreement.unlike))
        ]
    # What is part of another kind has more to tell, and comes after it; of two alike the furthest.
    kept: list[Deviation] = []
    for each in sorted(found, key=lambda kind: bool(kind.dtype) + len(kind.parameters)):
        if not any(_is_part(each, other) for other in kept):
            kept.append(each)
    return tuple(kept)


def _is_part(kind: Deviation, other: Deviation) -> bool:
    """Tell whether every call of one kind is one of another."""
    return other.dtype in ("", kind.dtype) and {*other.parameters} <= {*kind.parameters}


def _axes(own: Verdict, other: Function) -> int | None:
    if "unobserved" in (own.evidence, other.evidence):
        return 0  # whether both do the same isn't known for any image
    if own.contract != other.contract:
        return _ALIKE.get(frozenset({own.contract, other.contract}), 0)
    # Of a volume the one gives a volume of results, and the other an error.
    return 2 if own.contract == "PURE_2D" and own.stacks != other.stacks else None


def _numbers(types: list[str]) -> Numbers:
    if not any(map(has_numbers, types)):
        return "none"
    trees = [*map(parse, types)]
    has_arrays = any(_ARRAYS & names(tree) for tree in trees)
    return "all" if any(map(_has_row, trees)) and not has_arrays else "some"


def _has_row(type_: TypeExpr) -> bool:
    """Tell whether a type has a list or a tuple of any length in it."""
    return any(head(part) == "list" or is_open(part) for part in walk(type_))
