"""The type of what comes back: documented, unless what was seen says otherwise.

Documentation knows what flags change, observation what the function does when they are
left alone. So a documented type stays where it has room for all that was seen; where it
has none, it gives way.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from voxbind_build.model import OUTPUT_ROLES, Description, Observation, Result

_SEQUENCES = {"tuple": ("tuple",), "list": ("list",), "Sequence": ("tuple", "list")}
_NUMBERS = {"bool": "b", "int": "biu", "float": "biuf", "complex": "biufc"}
_TOLD = {"array": "Array", "none": "None", "dict": "dict[Any, Any]"}


def result_type(description: Description, observation: Observation) -> str | None:
    """Return the type of a function's result where its documentation doesn't tell it.

    Parameters
    ----------
    description : Description
        What is documented of the function.
    observation : Observation
        What was seen of it.

    Returns
    -------
    str or None
        None where the documented type holds.
    """
    results = _results(observation)
    if not results:
        return None
    documented = _alternatives(ast.parse(description.returns.annotation, mode="eval").body)
    found = _written(_settled(documented, results, observation))
    return None if found == _written(map(ast.unparse, documented)) else found


def _results(observation: Observation) -> list[Result]:
    calls = (call.result for call in observation.calls if call.outcome == "returned")
    return [result for result in (*calls, *observation.dtypes.values()) if result is not None]


def _settled(
    documented: Sequence[ast.expr],
    results: Sequence[Result],
    observation: Observation,
) -> Iterable[str]:
    texts = [ast.unparse(member) for member in documented]
    seen = _seen(results)
    if texts in (["Any"], ["tuple[Any, ...]"]) and all(
        _has_room(documented, result) for result in results
    ):
        # A generator was read into a list to be observed; anything else is what it was.
        texts = texts if any(result.type == "list" for result in results) else seen
    elif not all(_has_room(documented, result) for result in results):
        texts = _overruled(documented, results)
    elif seen == ["Array"]:
        # "array or None": None where an array was given to write into, which comes back here.
        texts = [text for text in texts if text != "None"]
    if "index" in observation.roles.values() and len(seen) == 1:
        return _with_each_index(seen[0]) or texts
    if OUTPUT_ROLES & {*observation.roles.values()}:
        return _without_output(texts, documented, seen)
    return texts


def _overruled(documented: Sequence[ast.expr], results: Sequence[Result]) -> list[str]:
    """Write what was seen, beside a tuple of which it is the first member.

    Flags such as ``extended_output`` add to a result, and all of it is documented as one.
    """
    seen = _seen(results)
    for member in documented:
        first = _items(member)[:1] if _head(member) == "tuple" else []
        if first and all(_has_room(_alternatives(first[0]), result) for result in results):
            return [*seen, ast.unparse(member)] if not _is_open(member) else seen
    return seen


def _with_each_index(seen: str) -> list[str]:
    """Write the type of a number or place that comes back for each of several indices."""
    if seen in _NUMBERS:
        return ["float", "Array"]
    member = ast.parse(seen, mode="eval").body
    if _head(member) != "tuple":
        return []
    if _is_open(member):
        return [seen, f"list[{seen}]"]
    items = [ast.unparse(item) for item in _items(member)]
    return [f"tuple[{', '.join(_written(_with_each_index(item) or [item]) for item in items)}]"]


def _without_output(
    texts: Sequence[str], documented: Sequence[ast.expr], seen: Sequence[str]
) -> Iterable[str]:
    """Tell "a tuple of (array or int) and int" for what it is: a tuple, or an int.

    An array that was given to write into is left out of the result, and no tuple is left;
    documentation has no place for this but at the tuple's first member.
    """
    if len(documented) != 1 or _head(documented[0]) != "tuple" or _is_open(documented[0]):
        return texts
    first, *others = ([ast.unparse(x) for x in _alternatives(i)] for i in _items(documented[0]))
    rest = [" | ".join(other) for other in others]
    if len(first) > 1 and first[0] == "Array" and first[1:] == rest:
        return [*seen, *rest]
    return texts


def _seen(results: Sequence[Result]) -> list[str]:
    """Write the type of what was seen as alternatives."""
    kinds = sorted({result.type for result in results})
    found: list[str] = []
    for kind in kinds:
        same = [result for result in results if result.type == kind]
        if kind == "scalar":
            found.insert(0, _number(same))
        elif kind in ("tuple", "list"):
            found.append(_several(kind, same))
        else:
            found.append(_TOLD.get(kind, "Any"))
    return ["Any"] if "Any" in found else found


def _number(results: Iterable[Result]) -> str:
    dtypes = {result.dtype for result in results}
    if dtypes <= {"bool"}:
        return "bool"
    if any(dtype.startswith("complex") for dtype in dtypes):
        return "complex"
    if all(dtype.startswith(("int", "uint", "bool")) for dtype in dtypes):
        return "int"
    numbers = all(dtype.startswith(("bool", "int", "uint", "float")) for dtype in dtypes)
    return "float" if numbers else "Any"


def _several(kind: str, results: Sequence[Result]) -> str:
    lengths = {result.shape for result in results}
    columns = [result.members for result in results]
    if kind == "tuple" and len(lengths) == 1 and lengths == {(len(columns[0]),)}:
        return (
            f"tuple[{', '.join(_written(_seen(column)) for column in zip(*columns, strict=True))}]"
        )
    inner = _written(_seen([member for members in columns for member in members]) or ["Any"])
    return f"tuple[{inner}, ...]" if kind == "tuple" else f"list[{inner}]"


def _has_room(alternatives: Sequence[ast.expr], result: Result) -> bool:
    return any(_takes(member, result) for member in alternatives)


def _takes(member: ast.expr, result: Result) -> bool:
    """Tell whether a type has room for a result; for what isn't known, it has."""
    head = _head(member)
    if head in ("Any", "object"):
        return True
    if head in _NUMBERS:
        return result.type == "scalar" and result.dtype[:1] in _NUMBERS[head]
    if head in ("Array", "ArrayLike"):
        return result.type == "array"
    if head in _SEQUENCES:
        return result.type in _SEQUENCES[head] and _takes_items(member, result)
    if head == "dict":
        return result.type == "dict"
    if head == "None":
        return result.type == "none"
    return result.type not in (*_TOLD, "scalar", "tuple", "list")


def _takes_items(member: ast.expr, result: Result) -> bool:
    items = [_alternatives(item) for item in _items(member)]
    if not items:
        return True
    if _head(member) != "tuple" or _is_open(member):
        return all(_has_room(items[0], part) for part in result.members)
    return result.shape == (len(items),) and all(map(_has_room, items, result.members))


def _head(member: ast.expr) -> str:
    return ast.unparse(member.value if isinstance(member, ast.Subscript) else member)


def _items(member: ast.expr) -> list[ast.expr]:
    if not isinstance(member, ast.Subscript):
        return []
    return member.slice.elts if isinstance(member.slice, ast.Tuple) else [member.slice]


def _is_open(member: ast.expr) -> bool:
    return any(isinstance(item, ast.Constant) and item.value is ... for item in _items(member))


def _alternatives(node: ast.expr) -> list[ast.expr]:
    """Return the members of a union in their order."""
    if isinstance(node, ast.BinOp):
        return [*_alternatives(node.left), node.right]
    return [node]


def _written(texts: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(texts))
