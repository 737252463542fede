"""Deprecation warnings that only the source shows, and classes that only the import shows."""

from __future__ import annotations

import inspect
import textwrap
import time
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import skimage.graph
import skimage.measure
import skimage.transform
from msgspec.structs import replace
from skimage.measure.fit import BaseModel

from helpers import handmade_manifest
from voxbind_build import libraries
from voxbind_build import manifest as frozen
from voxbind_build.common import signatures
from voxbind_build.discover import discover
from voxbind_build.model import Inventory, Library, LibrarySpec

SKIMAGE = handmade_manifest.manifest().libraries["skimage"]
GAUSSIAN = "skimage.filters.gaussian"
SOURCE = '''
    import warnings
    from warnings import warn
    from .texts import OLD, check

    SINCE = "1.2"

    def plain(image):
        warnings.warn("Takes long.", UserWarning)
        return image

    def literal(image, size=None):
        """The word warn, and FutureWarning."""
        if size is not None:
            warnings.warn("`size` is"
                          " deprecated", FutureWarning, stacklevel=2)
        return image

    def formatted(image, size=None):
        message = f"deprecated since {SINCE}: {size!r}, " + OLD
        warn(message, category=DeprecationWarning)
        return image

    def percent(image):
        warn("%s of %d is deprecated" % (image, 3), PendingDeprecationWarning)

    def braces(image):
        warn("{} is deprecated".format(image), np.VisibleDeprecationWarning)

    def instance(image):
        warn(FutureWarning("use `plain`"))

    def helped(image):
        return _helper(image)

    def _helper(image):
        warn("helped", FutureWarning)

    def elsewhere(image):
        return check(image)

    def reassigned(image):
        message = "a"
        message = "b"
        warn(message, FutureWarning)

    class Base:
        def _check(self, scale):
            warn("a scalar", FutureWarning)

    class Derived(Base):
        def __getattr__(self, name):
            warn(f"`{name}` is deprecated", FutureWarning)

    class Made:
        def old(self):
            warn("old", FutureWarning)

    def make(image):
        return Made()

    __all__ = [name for name in dir() if name[0] != "_" and name != "Made"]
'''
TEXTS = """
    from warnings import warn

    OLD = "and gone soon"

    def check(image):
        warn("a public helper has its own entry", FutureWarning)
"""
OLD = """
    import warnings

    warnings.warn("`pkg.old` is deprecated", DeprecationWarning, stacklevel=2)

    def soon(text):
        def decorate(function):
            return function
        return decorate

    def deprecate_function(text):
        return soon(text)

    @deprecate_function("Use `new`.")
    def show(image, size=1):
        return image

    def __getattr__(name):
        warnings.warn("`pkg.old.%s` is deprecated" % name, FutureWarning)
"""


def write(folder: Path, **modules: str) -> LibrarySpec:
    for name, source in modules.items():
        path = folder / "pkg" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(source), encoding="utf-8")
    return LibrarySpec(name="pkg", distribution="pkg", extra="pkg", modules=("pkg.api",))


def test_the_warnings_of_functions_classes_and_modules_are_read(tmp_path: Path) -> None:
    spec = write(tmp_path, __init__="", api=SOURCE, texts=TEXTS, old=OLD)
    read = discover(spec, [tmp_path], live=False).deprecations
    assert read == {
        "pkg.api.Base": ("FutureWarning: a scalar",),
        "pkg.api.Derived": ("FutureWarning: `…` is deprecated", "FutureWarning: a scalar"),
        "pkg.api.Made": ("FutureWarning: old",),
        "pkg.api.braces": ("VisibleDeprecationWarning: … is deprecated",),
        "pkg.api.check": ("FutureWarning: a public helper has its own entry",),
        "pkg.api.formatted": ("DeprecationWarning: deprecated since 1.2: …, and gone soon",),
        "pkg.api.helped": ("FutureWarning: helped",),
        "pkg.api.instance": ("FutureWarning: use `plain`",),
        "pkg.api.literal": ("FutureWarning: `size` is deprecated",),
        "pkg.api.percent": ("PendingDeprecationWarning: … of … is deprecated",),
        "pkg.api.reassigned": ("FutureWarning: …",),
        "pkg.old": (
            "DeprecationWarning: `pkg.old` is deprecated",
            "FutureWarning: `pkg.old.…` is deprecated",
        ),
        "pkg.old.show": ("deprecated: Use `new`.",),
        "pkg.texts.check": ("FutureWarning: a public helper has its own entry",),
    }


@pytest.mark.parametrize(
    "body",
    [
        "\n".join(f"    warn('text {number}', FutureWarning)" for number in range(3000)),
        "\n".join(
            f"    v{number + 1} = f'{{v{number}}}{{v{number}}}{{v{number}}}'"
            for number in range(3000)
        )
        + "\n    warn(v3000, FutureWarning)",
        "    warn(" + " + ".join(["v"] * 500) + ", FutureWarning)",
        f"    warn('{'x' * 10**6}', FutureWarning)",
    ],
    ids=["many warnings", "texts of texts", "a long sum", "a long text"],
)
def test_a_source_with_many_texts_is_read_in_a_moment(tmp_path: Path, body: str) -> None:
    spec = write(tmp_path, __init__="", api=f"from warnings import warn\ndef f(image):\n{body}\n")
    start = time.process_time()
    read = discover(spec, [tmp_path], live=False).deprecations
    assert time.process_time() - start < 20
    assert all(len(message) < 1100 for message in read["pkg.api.f"])


@cache
def skimage_inventory() -> Inventory:
    return discover(libraries.load("skimage"))


def test_what_scikit_image_deprecates_by_an_argument_is_read() -> None:
    """Calls that emit the warning show that what was read is what is emitted."""
    (region,) = skimage.measure.regionprops(np.ones((3, 3), int))
    calls = {
        "skimage.transform.SimilarityTransform": lambda: skimage.transform.SimilarityTransform(
            scale=2.0, dimensionality=3
        ),
        "skimage.measure.RegionProperties": lambda: region.filled_area,
        "skimage.measure.fit.BaseModel": lambda: type("Model", (BaseModel,), {}),
    }
    read = skimage_inventory().deprecations
    for name, call in calls.items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call()
        assert caught
        for warning in caught:
            text = f"{warning.category.__name__}: {' '.join(str(warning.message).split())}"
            assert any(_fits(message, text) for message in read[name]), (name, text)
    assert read["skimage.io.imshow"][0].startswith("deprecated: ")


def _fits(message: str, text: str) -> bool:
    """Return whether a warning is the message with something in place of each ellipsis."""
    pieces = message.split("…")
    place = 0
    for piece in pieces:
        place = text.find(piece, place)
        if place < 0:
            return False
        place += len(piece)
    return text.startswith(pieces[0])


@pytest.mark.parametrize("name", ["MCP", "MCP_Geometric", "MCP_Connect"])
def test_the_members_of_a_compiled_class_are_those_of_the_imported_one(name: str) -> None:
    upstream = getattr(skimage.graph, name)
    read = skimage_inventory().classes[f"skimage.graph.{name}"]
    assert {member for member in read if member[0] != "_"} == {
        member for member in dir(upstream) if member[0] != "_"
    }
    parameters = signatures.read(read["find_costs"])
    assert parameters is not None
    live = [*inspect.signature(upstream.find_costs).parameters.values()][1:]
    assert [(p.name, p.kind) for p in parameters] == [(p.name, p.kind.name) for p in live]


# --- what a new version changes ----------------------------------------------------------


def changes(
    old: Library | dict[str, tuple[str, ...]], new: Library | dict[str, tuple[str, ...]]
) -> list[tuple[str, ...]]:
    before, after = (
        replace(SKIMAGE, deprecations=side) if isinstance(side, dict) else side
        for side in (old, new)
    )
    return [
        (change.heading, *change.names, *change.words)
        for change in frozen.library_changes("skimage", before, after).changes
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {GAUSSIAN: ("FutureWarning: a",)}, [("deprecated", GAUSSIAN, "FutureWarning: a")]),
        (
            {GAUSSIAN: ("FutureWarning: a",)},
            {GAUSSIAN: ("FutureWarning: a", "FutureWarning: b")},
            [("deprecated", GAUSSIAN, "FutureWarning: b")],
        ),
        (
            {GAUSSIAN: ("FutureWarning: a",)},
            {},
            [("warnings", GAUSSIAN, "no longer warns: FutureWarning: a")],
        ),
        (
            {GAUSSIAN: ("FutureWarning: in 1.2",)},
            {GAUSSIAN: ("FutureWarning: in 1.3",)},
            [("deprecated", GAUSSIAN, "FutureWarning: in 1.3")],
        ),
        ({GAUSSIAN: ("FutureWarning: a",)}, {GAUSSIAN: ("FutureWarning: a",)}, []),
    ],
)
def test_a_warning_of_the_source_is_reported_once(
    old: dict[str, tuple[str, ...]],
    new: dict[str, tuple[str, ...]],
    expected: list[tuple[str, ...]],
) -> None:
    assert changes(old, new) == expected


def test_a_warning_that_a_call_has_shown_is_reported_from_there() -> None:
    message = "FutureWarning: a"
    function = replace(SKIMAGE.functions[GAUSSIAN], warnings={message: ("(Y, X)",)})
    old = replace(SKIMAGE, deprecations={})
    new = replace(
        SKIMAGE,
        deprecations={GAUSSIAN: (message,)},
        functions={**SKIMAGE.functions, GAUSSIAN: function},
    )
    assert changes(old, new) == [("deprecated", GAUSSIAN, message)]


def test_a_record_without_warnings_of_the_source_is_named_as_that() -> None:
    ((heading, name, words),) = changes(SKIMAGE, {GAUSSIAN: ("FutureWarning: a",)})
    assert (heading, name) == ("record", "skimage")
    assert words == "deprecation warnings in the source are only in the newer record"


def test_a_name_that_is_deprecated_and_unlisted_is_not_removed() -> None:
    message = "deprecated: Use matplotlib."
    old = replace(
        SKIMAGE,
        handed_on={
            "skimage.io": {"imshow": "(image)", "plugins": "constant", "push": "()", "pop": "()"}
        },
        deprecations={},
    )
    new = replace(
        SKIMAGE,
        handed_on={"skimage.io": {"pop": "decorated ()"}},
        deprecations={
            "skimage.io": ("FutureWarning: `plugins` is deprecated.",),
            "skimage.io.imshow": (message,),
        },
    )
    assert changes(old, new) == [
        ("removed", "skimage.io.push", "()"),
        ("deprecated", "skimage.io", "FutureWarning: `plugins` is deprecated."),
        ("deprecated", "skimage.io.imshow", message),
    ]


def test_classes_that_are_handed_on_change_by_their_members() -> None:
    old, new = (
        replace(SKIMAGE, classes={"skimage.graph.MCP": {"find_costs": signature}})
        for signature in ("(starts, max_cost=None)", "(starts, max_cost=DEPRECATED, *, most=None)")
    )
    assert changes(old, new) == [
        ("signature", "skimage.graph.MCP.find_costs", "added: most=None (keyword-only)"),
        ("deprecated", "skimage.graph.MCP.find_costs", "parameter max_cost"),
    ]
