"""What a docstring says is whole and in order, and its examples give what upstream's give."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
import socket
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from numpydoc.docscrape import NumpyDocString

from voxbind_build import manifest as frozen
from voxbind_build.model import Function

MANIFEST = frozen.read(Path(__file__).parents[2] / "generated" / "voxbind" / "manifest.json")
FUNCTIONS = {
    public: function
    for library in MANIFEST.libraries.values()
    for public, function in library.functions.items()
    if function.form == "function"
}
ORDER = (
    *("Parameters", "Returns", "Yields", "Receives", "Other Parameters", "Raises", "Warns"),
    *("Warnings", "See Also", "Notes", "References", "Examples"),
)
MARKED = {"args", "arguments", "example", "func", "notes", "other"}
"""Words of titles, and of a role that a line breaks."""
TITLE = re.compile(r"^(\S.*)\n-{3,}$", re.MULTILINE)
STARS: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
MARKS = re.compile(
    r"%\(\w+\)[a-z]|\$\{\w*\}|^[ ]*\.\. *(?:\w[\w-]*::|_|\[)|:[a-zA-Z:]+:`|(?<=\])_\b|`_(?!\w)",
    re.M,
)
"""What a template or Sphinx would have filled in."""


def wrapper(function: Function) -> Any:
    module, _, name = function.wrapper.rpartition(".")
    return getattr(importlib.import_module(module), name)


def docstring(function: Function) -> str:
    return inspect.getdoc(wrapper(function)) or ""


def offenders(wrong: Any) -> list[str]:
    """Return what is said of each function of which something wrong is found."""
    return [f"{name}: {said}" for name, each in FUNCTIONS.items() if (said := wrong(each))]


def parsed(function: Function) -> NumpyDocString:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of sections that numpydoc doesn't know
        return NumpyDocString(docstring(function))


def names(entries: list[Any]) -> list[str]:
    return [name.strip() for entry in entries for name in entry.name.split(",")]


def test_documentation_names_exactly_the_signature_in_its_order() -> None:
    def wrong(function: Function) -> str:
        parameters = inspect.signature(wrapper(function)).parameters.values()
        signature = [STARS.get(each.kind, "") + each.name for each in parameters]
        found = parsed(function)
        main, others = (names(found[title]) for title in ("Parameters", "Other Parameters"))
        expected = [name for name in signature if name not in others] + [
            name for name in signature if name in others
        ]
        return "" if main + others == expected else f"{main + others} for {signature}"

    assert offenders(wrong) == []


def test_every_parameter_has_a_type() -> None:
    def wrong(function: Function) -> list[str]:
        found = parsed(function)
        listed = [*found["Parameters"], *found["Other Parameters"]]
        return [entry.name for entry in listed if not entry.type]

    assert offenders(wrong) == []


def test_results_are_documented_of_all_that_return_something() -> None:
    def wrong(function: Function) -> bool:
        found = parsed(function)
        gives = inspect.signature(wrapper(function)).return_annotation
        return (
            gives not in (None, type(None), "None") and not found["Returns"] and not found["Yields"]
        )

    assert offenders(wrong) == []


def test_members_of_a_result_are_told_apart() -> None:
    def wrong(function: Function) -> list[str]:
        found = parsed(function)["Returns"]
        return [each.type for each in found if len(found) > 1 and not each.name and not each.desc]

    assert len(offenders(wrong)) <= 5


def test_sections_are_in_order_and_not_empty() -> None:
    def wrong(function: Function) -> list[str]:
        titles = TITLE.findall(docstring(function))
        pieces = [piece.strip() for piece in TITLE.split(docstring(function))[2::2]]
        in_order = titles == [title for title in ORDER if title in titles]
        return [] if in_order and all(pieces) else titles

    assert offenders(wrong) == []


def test_no_mark_of_a_template_or_of_sphinx_is_left() -> None:
    def wrong(function: Function) -> list[str]:
        prose = re.sub(r"^ *>>>(?:.*\S.*\n?)*", "", docstring(function), flags=re.MULTILINE)
        return MARKS.findall(prose)

    assert offenders(wrong) == []


def test_nothing_that_upstream_says_is_lost() -> None:
    """Words of the library's text are in the wrapper's, but for those that are marks."""

    def words(text: str) -> set[str]:
        text = re.sub(
            r"\.\. [\w-]+::.*$|:\w[\w:]*:`[^`]*`|^ *(?:>>>|[.]{3}).*$", " ", text, flags=re.M
        )
        return set(re.findall(r"[a-z]{4,}", text.lower()))

    def wrong(function: Function) -> str:
        lost = words(function.doc) - words(docstring(function)) - MARKED - {"none"}
        return " ".join(sorted(lost))

    assert offenders(wrong) == []


# --- examples ----------------------------------------------------------------------------

OPTIONS = re.compile(r"#\s*doctest:\s*\+(\w+)")
VARYING = re.compile(r"0x[0-9a-f]+|Traceback.*?\n(?=\w)", re.DOTALL)
"""Addresses, and the way to an error that is expected."""
ENOUGH = {"native": 13, "scipy": 40, "skimage": 195}
"""How many functions' examples run here at least, where a library is installed."""


class Run(doctest.DocTestRunner):
    """Notes what each example gives, whatever it was expected to."""

    def __init__(self, text: str, namespace: dict[str, Any]) -> None:
        super().__init__(verbose=False)
        self.told: list[str] = []
        self.error = ""
        for option in OPTIONS.findall(text):
            doctest.register_optionflag(option)
        parsed = doctest.DocTestParser().get_doctest(text, namespace, "example", None, None)
        np.random.seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.run(parsed, clear_globs=False)
        self.values = {
            name: value
            for name, value in parsed.globs.items()
            if isinstance(value, np.ndarray | np.generic | int | float | str | tuple | list)
        }
        self.bound = parsed.globs

    def report_start(self, out: Any, test: Any, example: Any) -> None:
        pass

    def report_success(self, out: Any, test: Any, example: Any, got: str) -> None:
        self.told += [VARYING.sub("", got)] * bool(got)

    report_failure = report_success

    def report_unexpected_exception(self, out: Any, test: Any, example: Any, info: Any) -> None:
        self.error = self.error or f"{info[0].__name__}: {info[1]}"

    def differs(self, other: Run) -> str:
        """Say what another run gives that this one doesn't."""
        if (self.error, self.told) != (other.error, other.told):
            return f"{other.error or other.told} for {self.error or self.told}"
        both = self.values.keys() & other.values.keys()
        return ", ".join(
            name for name in sorted(both) if not same(self.values[name], other.values[name])
        )


def same(one: Any, other: Any) -> bool:
    try:
        np.testing.assert_equal(one, other)
    except AssertionError:
        return False
    return True


def refuse(*_: Any, **__: Any) -> NoReturn:
    raise OSError("no network in tests")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Let examples draw nowhere, download nothing, write in a folder of their own, and repeat."""
    seeded = np.random.default_rng
    monkeypatch.setattr(np.random, "default_rng", lambda seed=0: seeded(seed))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


def upstream_scope(function: Function, home: str) -> dict[str, Any]:
    """Return what doctest starts with upstream: the names of the defining module."""
    module = function.definition.partition(":")[0]
    package, dot, rest = module.partition(".")
    return dict(vars(importlib.import_module((home or package) + dot + rest)))


def loaded(function: Function) -> Any:
    """Return the library's own function, if its module is imported."""
    return getattr(sys.modules.get(function.module), function.original_name, None)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("library", sorted(ENOUGH))
def test_examples_give_what_upstreams_give(library: str) -> None:
    recorded = MANIFEST.libraries[library]
    pytest.importorskip(recorded.home or library)
    ran, wrong = 0, []
    with_examples = {
        function.definition: function
        for function in recorded.functions.values()
        if function.form == "function" and ">>>" in function.doc
    }
    for function in with_examples.values():
        upstream = Run(function.doc, upstream_scope(function, recorded.home))
        if upstream.error:
            continue  # there is nothing to compare with: it would download, say
        ours = Run(docstring(function), {})
        difference = upstream.differs(ours)
        if difference and not upstream.differs(
            Run(function.doc, upstream_scope(function, recorded.home))
        ):
            wrong.append(f"{function.wrapper}: {difference}")
        elif any(value is loaded(function) for value in ours.bound.values()):
            wrong.append(f"{function.wrapper}: it doesn't go through voxbind")
        ran += not difference
    assert wrong == []
    assert ran >= ENOUGH[library]
