"""The docstring of a wrapper: the library's documentation, and the measured contract."""

from __future__ import annotations

import re
import textwrap

from voxbind_build.common.docstrings import Entry
from voxbind_build.model import Function
from voxbind_build.render.code.quoting import clean
from voxbind_build.render.docs import parameter_entries as entries
from voxbind_build.render.docs.contract_paragraph import contract_paragraph, kinds_of_results
from voxbind_build.render.docs.examples import Examples
from voxbind_build.render.docs.google import numpydoc
from voxbind_build.render.docs.markup import plain
from voxbind_build.render.docs.section_layout import Sections, read, write

__all__ = ["document"]

_WIDTH = 92
_SHAPE_OR_RANGE = re.compile(r"\([A-Z](?:, [A-Z])+\)|\[-?\d+, \d+\]|\w+ -> \w+")
"""Text that must stay on one line: ``(Z, Y, X)``, ``[0, 1]``, ``uint8 -> float64``."""
_SLICE_BY_SLICE = Entry(
    ("slice_by_slice",),
    "bool, default: False",
    "If True, each (Y, X) slice of a volume is processed separately, and the results are stacked.\n"
    "If False, a volume is processed in 3-D.",
)


def document(function: Function, takes_slice_by_slice: bool, examples: Examples) -> str:
    """Return the docstring of a wrapper.

    Parameters
    ----------
    function
        The wrapped function.
    takes_slice_by_slice
        Whether the wrapper adds the parameter `slice_by_slice`.
    examples
        Rewrites the examples.
    """
    sections = read(plain(numpydoc(clean(function.doc))))
    introduction = sections.introduction or f"{function.public}."
    summary, _, extended = introduction.partition("\n\n")
    contract = _wrapped(contract_paragraph(function))
    bodies = dict(sections.bodies)
    bodies["Parameters"], bodies["Other Parameters"] = entries.parameters(
        function,
        bodies.get("Parameters", ""),
        bodies.get("Other Parameters", ""),
        _SLICE_BY_SLICE if takes_slice_by_slice else None,
    )
    if "Yields" not in bodies:
        kinds = kinds_of_results(function)
        bodies["Returns"] = entries.returns(function, bodies.get("Returns", ""), kinds)
    if "See Also" in bodies:  # numpydoc writes names without backticks there
        bodies["See Also"] = bodies["See Also"].replace("`", "")
    introduction = "\n\n".join(part for part in (summary, contract, extended) if part)
    return examples.rewrite(write(Sections(introduction, bodies)), function.module)


def _wrapped(text: str) -> str:
    unbreakable = _SHAPE_OR_RANGE.sub(lambda match: match[0].replace(" ", "\0"), text)
    lines = textwrap.wrap(unbreakable, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace("\0", " ")
