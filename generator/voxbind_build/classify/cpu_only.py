"""The calls for which a GPU function was observed to differ from its twin on the CPU.

`voxbind.auto` runs the GPU function on images that are on a device. It runs the twin if only the
twin can make the call, or if the two results differ.
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
"""The number of axes of the images that functions of two contracts process alike."""
_KERNEL = re.compile(r"\b\w*Kernel\b")
_ARRAYS = frozenset(("Array", "ArrayT"))


def limited(pair: Twin, description: Description, verdict: Verdict, twin: Function) -> Twin:
    """Add to a pair the calls that only the twin answers, and the types of the results.

    Parameters
    ----------
    pair
        The differences between the two signatures.
    description, verdict
        The function on the device.
    twin
        The function on the CPU.
    """
    types = [twin.returns.annotation, *(form.annotation for form in twin.returns.forms)]
    documented = {parameter.name: parameter.documented for parameter in description.parameters}
    return replace(
        pair,
        deviations=_deviations(pair),
        refuses=tuple(
            sorted(
                dtype
                for dtype in verdict.refuses
                if not dtype.startswith("(") and dtype not in twin.refuses
            )
        ),
        dtypes={
            dtype: (twin.dtypes[dtype].dtype, fact.dtype)
            for dtype, fact in verdict.dtypes.items()
            if dtype in twin.dtypes and twin.dtypes[dtype].dtype != fact.dtype
        },
        axes=_axes(verdict, twin),
        kernels=tuple(
            parameter.name
            for parameter in twin.parameters
            if "Callable" in names(parse(parameter.annotation))
            and _KERNEL.search(documented.get(pair.renamed.get(parameter.name, parameter.name), ""))
        ),
        objects=any(not is_plain(type_) or "Callable" in names(parse(type_)) for type_ in types),
        numbers=_numbers(types),
    )


def _deviations(pair: Twin) -> tuple[Deviation, ...]:
    """Return the kinds of call whose results differ by more than the tolerance.

    A kind that is part of another one is left out. An argument was tried on images of one dtype
    only, and is assumed to have the same effect on all dtypes. A difference of unknown origin
    counts for every call.
    """
    cpu_names = {gpu_name: cpu_name for cpu_name, gpu_name in pair.renamed.items()}
    deviations: list[Deviation] = []
    for kind in pair.agreement.deviations if pair.agreement is not None else ():
        if kind.unlike or kind.max_relative > pair.tolerance:
            dtype = "" if kind.parameters else kind.dtype
            parameters = tuple(cpu_names.get(name, name) for name in kind.parameters)
            deviations.append(replace(kind, dtype=dtype, parameters=parameters))
    if pair.agreement is not None and pair.differs and not deviations:
        deviations = [
            Deviation(max_relative=pair.agreement.relative, unlike=bool(pair.agreement.unlike))
        ]
    # A kind that is part of another one has more conditions, so it comes later in this order. Of
    # equal kinds the first is kept: the comparison lists the largest difference first.
    distinct: list[Deviation] = []
    for kind in sorted(deviations, key=lambda kind: bool(kind.dtype) + len(kind.parameters)):
        if not any(_is_part(kind, earlier) for earlier in distinct):
            distinct.append(kind)
    return tuple(distinct)


def _is_part(kind: Deviation, other: Deviation) -> bool:
    """Return whether every call of one kind is also of another kind."""
    return other.dtype in ("", kind.dtype) and {*other.parameters} <= {*kind.parameters}


def _axes(verdict: Verdict, twin: Function) -> int | None:
    if "unobserved" in (verdict.evidence, twin.evidence):
        return 0  # for no image is it known whether both do the same
    if verdict.contract != twin.contract:
        return _ALIKE.get(frozenset({verdict.contract, twin.contract}), 0)
    # For a volume, one function returns a volume of results and the other raises an error.
    return 2 if verdict.contract == "PURE_2D" and verdict.stacks != twin.stacks else None


def _numbers(types: list[str]) -> Numbers:
    if not any(map(has_numbers, types)):
        return "none"
    trees = [*map(parse, types)]
    has_arrays = any(_ARRAYS & names(tree) for tree in trees)
    return "all" if any(map(_has_row, trees)) and not has_arrays else "some"


def _has_row(type_: TypeExpr) -> bool:
    """Return whether a type contains a list, or a tuple of any length."""
    return any(head(part) == "list" or is_open(part) for part in walk(type_))
