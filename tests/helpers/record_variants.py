"""Records that differ from a given one in a single field, for tests that no field is forgotten.

The values are of any type, as those of a record's fields are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from voxbind_build.model import (
    Agreement,
    Deviation,
    Form,
    Function,
    Overruled,
    Returns,
    Twin,
)


def filled(function: Function) -> Function:
    """Return a function in which no field is empty that may hold a record."""
    seen = Overruled(
        kind="image",
        contract="PURE_2D",
        result="image",
        needs_channels=False,
        reason="seen",
        evidence="observed",
        agrees=False,
    )
    agreement = Agreement(
        calls=3, absolute=0.5, relative=0.25, deviations=(Deviation(dtype="bool"),)
    )
    twin = Twin(
        name="cpu.filters.blur",
        agreement=agreement,
        deviations=(Deviation(dtype="uint8", max_relative=0.1),),
    )
    forms = (Form(options={"a": "True"}, annotation="Array"), Form(options={}, annotation="int"))
    returns = replace(function.returns, forms=forms, documented=(("smooth", "ndarray"),))
    return replace(
        function,
        returns=returns,
        overruled=seen,
        twin=twin,
        code="3166f97f",
        shared_code="83f2df68",
    )


def other(value: Any) -> Any:
    """Return a value that isn't the given one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}!"
    if isinstance(value, tuple):
        return value[:-1] if value else ("new",)
    if isinstance(value, dict):
        return dict([*value.items()][:-1]) if value else {"new": "entry"}
    return "new" if value is None else None


def variants(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield by its path every value that differs from the given one in one field, however deep.

    The figures of results (`Function.values`) are left out: they are compared as numbers, and only
    for equal calls. tests/stages/test_values.py has their cases.
    """
    if isinstance(value, msgspec.Struct):
        for entry in msgspec.structs.fields(value):
            if entry.name == "values":
                continue
            inner = getattr(value, entry.name)
            # The one record that is always there.
            is_fixed = isinstance(inner, Returns)
            itself = [] if is_fixed else [("", other(inner))]
            for path, changed in [*itself, *variants(inner)]:
                yield f".{entry.name}{path}", replace(value, **{entry.name: changed})
    elif isinstance(value, dict):
        for key, inner in value.items():
            for path, changed in variants(inner):
                yield f".{key}{path}", {**value, key: changed}
    elif isinstance(value, tuple):
        for number, inner in enumerate(value):
            for path, changed in variants(inner):
                yield (
                    f".{number}{path}",
                    (*value[:number], changed, *value[number + 1 :]),
                )
