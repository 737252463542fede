"""Libraries that need a device which isn't here: read from their source, judged by their twins."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import voxbind
from voxbind_build import libraries
from voxbind_build.classify import inferred, paired, twin_name, twin_types
from voxbind_build.describe import describe
from voxbind_build.discover import discover
from voxbind_build.discover.locate import locate
from voxbind_build.discover.resolve import Resolver
from voxbind_build.discover.source_signatures import define
from voxbind_build.manifest import MANIFEST, read
from voxbind_build.model import (
    SEEN,
    Agreement,
    Description,
    Form,
    Function,
    Inventory,
    LibrarySpec,
    Manifest,
    Parameter,
    Returns,
    Twin,
)

DEVICES = {"cucim": "skimage", "cupyx": "scipy"}
SPEC = LibrarySpec(
    name="gpu", modules=("gpu.lib",), twin="lib", device="cuda", tolerance={"gpu.lib.*": 1e-3}
)


@cache
def inventory(library: str) -> Inventory:
    spec = libraries.load(library)
    if importlib.util.find_spec(spec.package) is None:
        pytest.skip(f"{spec.distribution} isn't installed: pip install --no-deps it")
    return discover(spec, live=False)


@cache
def frozen() -> Manifest:
    return read(Path(voxbind.__path__[0]) / MANIFEST)


# --- read from source --------------------------------------------------------------------


@pytest.mark.parametrize("library", DEVICES)
def test_library_is_read_without_its_device(library: str) -> None:
    found = inventory(library)
    listed = {name.module for name in found.names if name.kind != "module"}
    assert listed == {*found.spec.modules}
    assert found.differences == ()
    for name in found.names:
        assert name.exclusion or name.kind in ("class", "constant") or name.definition, name


@pytest.mark.parametrize("library", DEVICES)
def test_every_function_is_documented_and_typed_by_its_own_source_or_its_twin(library: str) -> None:
    for name, function in frozen().libraries[library].functions.items():
        if function.form == "function":
            assert function.doc, name
            sources = {parameter.annotation_source for parameter in function.parameters}
            # What is `unknown` says why.
            assert all(
                parameter.untyped
                for parameter in function.parameters
                if parameter.annotation_source == "unknown" and parameter.annotation == "Any"
            ), (name, sources)


@pytest.mark.parametrize("library", DEVICES)
def test_frozen_record_is_what_the_source_says(library: str) -> None:
    functions = frozen().libraries[library].functions
    assert frozen().libraries[library].version == inventory(library).version
    for description in describe(inventory(library)):
        recorded = functions[description.name]
        assert recorded.fingerprint == description.fingerprint
        ours = [(each.name, each.kind, each.default) for each in recorded.parameters]
        theirs = [(each.name, each.kind, each.default) for each in description.parameters]
        assert ours == theirs


@pytest.mark.parametrize(
    ("assigned", "documented"),
    [
        ("'A mean.'", "A mean."),
        ("'A mean.' + _more", "A mean. More."),
        ("_made('A mean.')", "A mean. More."),
        ("_made(_made('A mean.'))", "A mean. More. More."),
        ("_long('A mean.')", ""),  # of which only running it would tell
        ("_made()", ""),
        ("unknown('A mean.')", ""),
        ("mean.__doc__", ""),
    ],
)
def test_documentation_that_is_assigned_below_a_function_is_read(
    tmp_path: Path, assigned: str, documented: str
) -> None:
    folder = tmp_path / "pkg"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        f"""\
_more = " More."

def _made(text):
    \"\"\"Add more.\"\"\"
    return text + _more

def _long(text):
    more = _more
    return text + more

def mean(image):
    return image

mean.__doc__ = {assigned}
""",
        encoding="utf-8",
    )
    resolver = Resolver(locate(LibrarySpec(name="pkg", modules=("pkg",)), [tmp_path]))
    definition = define(resolver, resolver.home("pkg", "mean"))
    assert definition is not None
    assert definition.docstring == documented


# --- twins -------------------------------------------------------------------------------


def parameters(**defaults: str | None) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(
            name=name,
            kind="POSITIONAL_OR_KEYWORD",
            annotation="Array",
            annotation_source="docstring",
            default=default,
        )
        for name, default in defaults.items()
    )


def description(**defaults: str | None) -> Description:
    return Description(
        name="gpu.lib.f",
        module="gpu.lib",
        attribute="f",
        definition="gpu.lib:f",
        fingerprint="",
        parameters=parameters(**defaults),
        returns=Returns(annotation="Array", annotation_source="docstring"),
    )


def pair(own: Mapping[str, str | None], other: Mapping[str, str | None]) -> Twin:
    return paired(description(**own), "lib.f", parameters(**other), SPEC, None)


IMAGE: dict[str, str | None] = {"image": None}


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        (IMAGE, IMAGE, {}),
        ({**IMAGE, "out": "None"}, IMAGE, {"added": ("out",)}),
        (IMAGE, {**IMAGE, "out": "None"}, {"missing": ("out",)}),
        ({"input": None}, IMAGE, {"renamed": {"image": "input"}}),
        # Not in the same place, or not to be given: another parameter.
        (
            {"k": None, "input": None},
            {"image": None, "k": None},
            {"missing": ("image",), "added": ("input",)},
        ),
        ({**IMAGE, "a": "1"}, {**IMAGE, "b": "1"}, {"missing": ("b",), "added": ("a",)}),
        (
            {**IMAGE, "clip": "None"},
            {**IMAGE, "clip": "True"},
            {"defaults": {"clip": ("True", "None")}},
        ),
        ({"image": "None"}, IMAGE, {"defaults": {"image": ("", "None")}}),
        # One value, written in two ways.
        ({**IMAGE, "sigma": "1"}, {**IMAGE, "sigma": "1.0"}, {}),
        ({**IMAGE, "dtype": "cupy.uint8"}, {**IMAGE, "dtype": "numpy.uint8"}, {}),
        ({**IMAGE, "p": "cupy.inf"}, {**IMAGE, "p": 'float("inf")'}, {}),
        ({**IMAGE, "n": "gpu._u.DEPRECATED"}, {**IMAGE, "n": "lib._u.DEPRECATED"}, {}),
        (
            {**IMAGE, "dtype": "cupy.uint8"},
            {**IMAGE, "dtype": "numpy.float32"},
            {"defaults": {"dtype": ("numpy.float32", "cupy.uint8")}},
        ),
    ],
)
def test_signatures_of_twins_are_compared(
    own: Mapping[str, str | None], other: Mapping[str, str | None], expected: dict[str, Any]
) -> None:
    assert pair(own, other) == Twin(name="lib.f", tolerance=1e-3, **expected)


def test_a_name_leads_to_its_twin() -> None:
    assert twin_name("cucim.skimage.filters.gaussian") == "skimage.filters.gaussian"
    assert twin_name("cupyx.scipy.ndimage.label") == "scipy.ndimage.label"


@pytest.mark.parametrize(
    ("relative", "unlike", "differs"),
    [(0.0, (), False), (1e-3, (), False), (2e-3, (), True), (0.0, ("mask: a list",), True)],
)
def test_results_beyond_the_tolerance_differ(
    relative: float, unlike: tuple[str, ...], differs: bool
) -> None:
    agreement = Agreement(calls=1, absolute=0.0, relative=relative, unlike=unlike)
    twin = paired(description(**IMAGE), "lib.f", parameters(**IMAGE), SPEC, agreement)
    assert twin.differs is differs


def function(returns: Returns, **defaults: str | None) -> Function:
    """Return an image function of which the first parameter is the image."""
    like = frozen().libraries["skimage"].functions["skimage.filters.gaussian"]
    first = next(iter(defaults))
    return replace(
        like,
        parameters=parameters(**defaults),
        arrays=(first,),
        other_arrays=(),
        outputs=(),
        returns=returns,
    )


ARRAY = Returns(annotation="Array", annotation_source="observed")


@pytest.mark.parametrize(
    ("own", "other", "agrees"),
    [
        (IMAGE, IMAGE, True),
        ({**IMAGE, "more": "1"}, IMAGE, True),
        (IMAGE, {**IMAGE, "more": "1"}, True),
        ({"input": None}, IMAGE, True),
        ({**IMAGE, "k": None}, IMAGE, False),
        (IMAGE, {**IMAGE, "k": None}, False),
        ({"k": "1"}, IMAGE, False),
    ],
)
def test_contract_is_the_twins_where_signatures_agree(
    own: Mapping[str, str | None], other: Mapping[str, str | None], agrees: bool
) -> None:
    twin = function(ARRAY, **other)
    found = inferred(description(**own), twin, pair(own, other))
    assert (found is not None) is agrees
    if found is not None:
        assert (found.contract, found.evidence) == (twin.contract, "inferred")
        assert found.arrays == tuple(own)[:1]
        assert found.dtypes == {} and found.warnings == {} and found.refuses == {}
        assert "lib.f" in found.reason


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("Array", "Array"),
        ("float", "float | Array"),
        ("tuple[Array, int]", "tuple[Array, int | Array]"),
        ("list[lib.Region]", None),  # the twin's own class isn't this library's
        ("Literal['float.x'] | None", 'Literal["float.x"] | None'),
    ],
)
def test_numbers_on_a_device_may_be_arrays(annotation: str, expected: str | None) -> None:
    twin = function(Returns(annotation=annotation, annotation_source="observed"), image=None)
    assert twin_types(description(**IMAGE), twin, pair(IMAGE, IMAGE)).returns == expected


def test_options_that_a_function_lacks_decide_nothing_of_its_result() -> None:
    forms = (
        Form(options={"both": "False"}, annotation="Array"),
        Form(options={"more": "True"}, annotation="tuple[Array, float]"),
    )
    twin = function(
        Returns(annotation="Array", annotation_source="observed", forms=forms),
        image=None,
        both="False",
        more="False",
    )
    own = {**IMAGE, "more": "False"}
    types = twin_types(description(**own), twin, pair(own, {**own, "both": "False"}))
    assert types.forms == (
        Form(options={"more": "True"}, annotation="tuple[Array, float | Array]"),
    )


# --- the frozen record -------------------------------------------------------------------


@pytest.mark.parametrize(("library", "other"), DEVICES.items())
def test_every_contract_says_where_it_is_from(library: str, other: str) -> None:
    recorded, twins = frozen().libraries[library], frozen().libraries[other].functions
    for name, entry in recorded.functions.items():
        if entry.form != "function" or entry.evidence in SEEN:
            continue
        if entry.evidence == "unobserved":  # it was run on a GPU, and no call returned
            assert (entry.kind, entry.contract) == ("helper", None)
            continue
        assert entry.evidence == "inferred"
        assert entry.twin is not None and entry.twin.name == twin_name(name)
        twin = twins[entry.twin.name]
        assert (entry.kind, entry.contract) == (twin.kind, twin.contract)
        assert entry.dtypes == {}  # nobody has seen these


def test_known_differences_of_twins_are_found() -> None:
    functions = {
        **frozen().libraries["cucim"].functions,
        **frozen().libraries["cupyx"].functions,
    }

    def twin(name: str) -> Twin:
        found = functions[name].twin
        assert found is not None
        return found

    assert twin("cucim.skimage.transform.resize").defaults == {"clip": ("True", "None")}
    assert twin("cucim.skimage.measure.regionprops").missing == ("offset",)
    assert "algorithm" in twin("cucim.skimage.filters.median").added
    assert twin("cupyx.scipy.ndimage.distance_transform_edt").renamed == {"input": "image"}
    assert twin("cupyx.scipy.ndimage.gaussian_filter1d").missing == ("radius",)
    assert twin("cucim.skimage.filters.gaussian").defaults == {}
