"""The report of what differs between two records: its words, its order, and nothing twice."""

import io
import json
import re
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from msgspec.structs import replace
from rich.console import Console

from helpers import handmade_manifest
from helpers.record_variants import filled, other, variants
from voxbind_build import manifest as frozen
from voxbind_build.build import changes_page, environments
from voxbind_build.build.report import BuildError
from voxbind_build.cli import app as cli
from voxbind_build.common import signatures
from voxbind_build.manifest.signature_changes import signature_changes
from voxbind_build.model import (
    AxisArgument,
    DtypeFact,
    Exclusion,
    Form,
    Heading,
    Library,
    Manifest,
    Reach,
)

SKIMAGE = handmade_manifest.manifest().libraries["skimage"]
GAUSSIAN, RANK_MEAN = "skimage.filters.gaussian", "skimage.filters.rank.mean"
ORB, CANNY = "skimage.feature.ORB", "skimage.feature.canny"
FLOATS = {"uint8": DtypeFact(dtype="float64", range=(0.0, 1.0))}
FUTURE = "FutureWarning: `blur` is deprecated; use `gaussian`."


def changed(name=GAUSSIAN, **fields):
    """The library with other values in some fields of one function."""
    function = replace(SKIMAGE.functions[name], **fields)
    return replace(SKIMAGE, functions={**SKIMAGE.functions, name: function})


def without(*names):
    kept = {name: entry for name, entry in SKIMAGE.functions.items() if name not in names}
    return replace(SKIMAGE, functions=kept)


def leaving_out(reason, *names, library=SKIMAGE):
    excluded = {name: Exclusion(reason=reason) for name in names}
    kept = {name: entry for name, entry in library.functions.items() if name not in names}
    return replace(library, functions=kept, excluded={**library.excluded, **excluded})


def changes(old, new):
    return frozen.library_changes("skimage", old, new).changes


def summaries(old, new):
    """Each change as its heading, its names and its words."""
    return [(change.heading, *change.names, *change.words) for change in changes(old, new)]


# --- signatures --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "words", "deprecated"),
    [
        ("(a, b=1)", "(a, b=1)", [], []),
        ("(a, b=1)", "(a)", ["removed: b"], []),
        ("(a, b=DEPRECATED)", "(a)", ["removed: b (was deprecated)"], []),
        ("(a)", "(a, *, b=1)", ["added: b=1 (keyword-only)"], []),
        ("()", "(a, b)", ["added: a (required), b (required)"], []),
        ("(a)", "(a, *rest, **more)", ["added: *rest, **more"], []),
        ("(a, b, c=1)", "(a, *, b, c=1)", ["keyword-only now: b, c"], []),
        ("(a, b=2)", "(a, b=None)", ["b=2 → None"], []),
        ("(a, b=2)", "(a, b)", ["b=2 → required"], []),
        ("(a, old=None)", "(a, new=None)", ["renamed: old → new"], []),
        ("(a, old=None)", "(a, new=1)", ["removed: old", "added: new=1"], []),
        ("(a, b)", "(b, a)", ["positions: b 2 → 1, a 1 → 2"], []),
        ("(a, b=1, c=2)", "(a, c=2)", ["removed: b", "positions: c 3 → 2"], []),
        ("(a, *, b=1, c=2)", "(a, *, c=2, b=1)", ["(a, *, b=1, c=2) → (a, *, c=2, b=1)"], []),
        ("(a, b=64)", "(a, b=x.utils.DEPRECATED)", [], ["b"]),
        ("(a, b=x.DEPRECATED)", "(a, b=64)", ["no longer deprecated: b=64"], []),
        ("(a)", "(a, b=x.DEPRECATED)", ["added: b (deprecated)"], []),
        (
            "(a, b=x.DEPRECATED)",
            "(a, b=y.DEPRECATED)",
            ["(a, b=x.DEPRECATED) → (a, b=y.DEPRECATED)"],
            [],
        ),
        (
            "(a, b=64)",
            "(a, b=x.DEPRECATED, *, limit=64)",
            ["added: limit=64 (keyword-only)"],
            ["b"],
        ),
        (
            "(m=None, scale=None, rotation=None, *, ndim=2)",
            "(m=None, *, rotation=None, scale=None, ndim=None)",
            ["keyword-only now: rotation, scale", "ndim=2 → None"],
            [],
        ),
    ],
)
def test_a_changed_signature_says_what_a_caller_has_to_do(old, new, words, deprecated):
    then, now = signatures.read(old), signatures.read(new)
    assert then is not None and now is not None
    compared = signature_changes(then, now)
    assert ([*compared.words], [*compared.deprecated]) == (words, deprecated)


@pytest.mark.parametrize(
    "source",
    [
        "()",
        "(image)",
        "(image, /, sigma=1.0)",
        "(image, sigma=1.0, /)",
        "(image, *, mode='nearest')",
        "(image, /, *, mode='nearest')",
        "(*images, mode='nearest')",
        "(image, *more, mode='nearest', **options)",
        "(image, function=numpy.sum, other=...)",
    ],
)
def test_a_signature_is_read_as_it_was_written(source):
    parameters = signatures.read(source)
    assert parameters is not None and signatures.text(parameters) == source


@pytest.mark.parametrize("text", ["(image", "(image) -> int: ...\nf(", "(1)", ""])
def test_a_text_that_is_no_signature_is_not_read(text):
    assert signatures.read(text) is None


# --- one change --------------------------------------------------------------------------

PARAMETERS = SKIMAGE.functions[GAUSSIAN].parameters
DEPRECATED = replace(PARAMETERS[-1], default="lib.DEPRECATED", annotation="Any")
OPTIONAL = replace(PARAMETERS[0], annotation="Array | None")
FORMS = (Form(options={"indices": "True"}, annotation="int"),)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (
            without(CANNY),
            ("removed", CANNY, "(image, sigma=1.0, low_threshold=None, high_threshold=None, "
             "mask=None, use_quantiles=False, *, mode='constant', cval=0.0)"),
        ),
        (leaving_out("display", CANNY), ("removed", CANNY, "left out now: display")),
        (
            changed(parameters=PARAMETERS[:-1]),
            ("signature", GAUSSIAN, "removed: out"),
        ),
        (
            changed(parameters=(*PARAMETERS[:-1], DEPRECATED)),
            ("deprecated", GAUSSIAN, "parameter out"),
        ),
        (changed(form="class"), ("signature", GAUSSIAN, "was a function and is a class now")),
        (
            changed(contract="PURE_2D", reason="a volume is misread"),
            ("contract", GAUSSIAN, "FLEXIBLE → PURE_2D: a volume is misread"),
        ),
        (
            changed(evidence="observed"),
            ("contract", GAUSSIAN, "FLEXIBLE (declared) → FLEXIBLE (observed): known"),
        ),
        (changed(result="mask"), ("result", GAUSSIAN, "result: image → mask")),
        (
            changed(result=("image", "scalar"), random=True),
            ("result", GAUSSIAN, "random: no → yes", "result: image → image, scalar"),
        ),
        (
            changed(axis_arguments={"sigma": AxisArgument(kind="numbers", neutral=(0.0,))}),
            (
                *("result", GAUSSIAN),
                "parameters with an entry for each axis: none → sigma = numbers (neutral: 0)",
            ),
        ),
        (
            changed(masked=("image",), masked_dtypes={"image": ("float32", "float64")}),
            (
                *("result", GAUSSIAN, "parameters whose mask is looked at: none → image"),
                "dtypes whose mask is looked at: none → image = float32, float64",
            ),
        ),
        (changed(seeds=("rng",)), ("result", GAUSSIAN, "seeds: none → rng")),
        (changed(outputs=("out",)), ("result", GAUSSIAN, "output parameters: none → out")),
        (
            changed(dtypes={**FLOATS, "int8": FLOATS["uint8"], "int32": FLOATS["uint8"]}),
            ("dtypes", GAUSSIAN, "int32, int8: not taken → taken"),
        ),
        (
            changed(dtypes={"uint8": DtypeFact(dtype="float32", range=(0.0, 255.0))}),
            ("dtypes", GAUSSIAN, "uint8: float64 in [0, 1] → float32 in [0, 255]"),
        ),
        (changed(dtypes={}), ("dtypes", GAUSSIAN, "uint8: taken → not taken")),
        (
            changed(warnings={"UserWarning: low contrast": ("uint8",)}),
            ("warnings", GAUSSIAN, "warns: UserWarning: low contrast"),
        ),
        (changed(warnings={FUTURE: ("uint8",)}), ("deprecated", GAUSSIAN, FUTURE)),
        (
            changed(refuses={"bool": "TypeError: no", "(Z, Y, X)": "TypeError: no"}),
            ("warnings", GAUSSIAN, "refuses (Z, Y, X), bool: TypeError: no"),
        ),
        (changed(deprecated="Use `blur`."), ("deprecated", GAUSSIAN, "Use `blur`.")),
        (
            changed(deprecated="Use `blur`.", warnings={FUTURE: ("uint8",)}),
            ("deprecated", GAUSSIAN, "Use `blur`."),
        ),
        (
            changed(parameters=(OPTIONAL, *PARAMETERS[1:])),
            ("types", GAUSSIAN, "image: Array → Array | None"),
        ),
        (
            changed(returns=replace(SKIMAGE.functions[GAUSSIAN].returns, annotation="float")),
            ("types", GAUSSIAN, "returns: Array → float"),
        ),
        (
            changed(returns=replace(SKIMAGE.functions[GAUSSIAN].returns, forms=FORMS)),
            ("types", GAUSSIAN, "has overloads now"),
        ),
        (changed(reason="in other words"), ("record", GAUSSIAN, "reason")),
        (changed(definition="skimage._other:gaussian"), ("record", GAUSSIAN, "definition")),
        (
            replace(SKIMAGE, modules=(*SKIMAGE.modules, "skimage.graph")),
            ("record", "skimage", "modules: skimage.graph is new"),
        ),
        (
            leaving_out("display", "skimage.filters.plot"),
            ("added", "skimage.filters.plot", "left out: display"),
        ),
        (
            leaving_out("module", "skimage.filters.edges"),
            ("record", "skimage.filters.edges", "left out: module"),
        ),
    ],
)  # fmt: skip
def test_each_change_has_a_heading_and_words(new, expected):
    assert summaries(SKIMAGE, new) == [expected]


def test_documentation_is_the_lines_that_changed():
    doc = SKIMAGE.functions[GAUSSIAN].doc
    new = changed(doc=doc.replace("Multi-dimensional Gaussian filter.", "Blur an image."))
    assert summaries(SKIMAGE, new) == [
        ("documentation", GAUSSIAN, "- Multi-dimensional Gaussian filter.", "+ Blur an image.")
    ]


@pytest.mark.parametrize("evidence", ["observed", "recorded"])
@pytest.mark.parametrize(
    ("now", "is_lost"),
    [("unobserved", True), ("inferred", True), ("declared", False), ("observed", False)],
)
def test_a_verdict_that_falls_from_observed_to_less_is_lost(evidence, now, is_lost):
    contract = None if now == "unobserved" else "FLEXIBLE"
    reason = "not observed: tried grey float64; the library answered ValueError: no"
    old = changed(evidence=evidence)
    new = changed(evidence=now, contract=contract, reason=reason)
    lost = [change for change in changes(old, new) if change.heading == "lost"]
    inferred = " and is inferred" * (now == "inferred")
    words = f"was measured to be FLEXIBLE, but could not be measured now{inferred}: {reason}"
    assert [change.words for change in lost] == [(words,)] * is_lost


def test_a_record_without_a_call_is_compared_by_nothing_that_calls_show():
    old = changed(evidence="observed", warnings={"UserWarning: a": ("bool",)})
    new = changed(evidence="unobserved", contract=None, arrays=(), dtypes={}, reason="no call")
    assert [change.heading for change in changes(old, new)] == ["lost"]
    assert summaries(new, old) == [
        ("contract", GAUSSIAN, "unobserved → FLEXIBLE (observed): known")
    ]


def test_functions_that_take_a_further_dtype_share_a_line_whatever_their_results_are():
    names = sorted(SKIMAGE.functions)[:2]
    facts = [DtypeFact(dtype="float32"), DtypeFact(dtype="int32", range=(0.0, 4.0))]
    functions = {
        name: replace(SKIMAGE.functions[name], dtypes={**SKIMAGE.functions[name].dtypes, "int8": f})
        for name, f in zip(names, facts, strict=True)
    }
    new = replace(SKIMAGE, functions={**SKIMAGE.functions, **functions})
    (change,) = changes(SKIMAGE, new)
    assert (change.names, change.words) == (tuple(names), ("int8: not taken → taken",))


def test_a_range_that_changed_with_the_figures_is_reported_once():
    figures = {"image": "(4, 5) float64 mean 0.5 spread 0.2 min 0 max 1 weighted 0.5"}
    others = {"image": "(4, 5) float64 mean 1.5 spread 0.2 min 1 max 2 weighted 1.5"}
    old = changed(dtypes={"uint8": DtypeFact(dtype="float64", range=(0.0, 1.0))}, values=figures)
    wider = {"uint8": DtypeFact(dtype="float64", range=(1.0, 2.0))}
    words = "uint8: float64 in [0, 1] → float64 in [1, 2]"
    assert summaries(old, changed(dtypes=wider, values=figures)) == [("dtypes", GAUSSIAN, words)]
    assert [c.heading for c in changes(old, changed(dtypes=wider, values=others))] == ["values"]


def test_a_dtype_that_is_taken_now_is_not_reported_as_one_that_is_refused_no_more():
    old = changed(dtypes={}, refuses={"bool": "TypeError: no"})
    new = changed(dtypes={"bool": DtypeFact(dtype="bool")}, refuses={})
    assert summaries(old, new) == [("dtypes", GAUSSIAN, "bool: not taken → taken")]


def test_a_reach_that_only_one_record_holds_is_no_change_of_results():
    local = Reach(kind="local", formula="int(4 * sigma + 0.5)", evidence="observed")
    reached = changed(reach=local)
    assert summaries(SKIMAGE, reached) == [("record", GAUSSIAN, "reach")]
    pointwise = changed(reach=Reach(kind="pointwise", evidence="observed"))
    assert summaries(reached, pointwise) == [
        ("result", GAUSSIAN, "reach: local, int(4 * sigma + 0.5) → pointwise")
    ]


def test_modules_that_hold_tests_are_no_news():
    new = leaving_out("module", "skimage.color.tests", "skimage.conftest", "skimage.feature.test")
    assert changes(SKIMAGE, new) == changes(new, SKIMAGE) == ()
    assert changes(SKIMAGE, leaving_out("display", "skimage.color.test"))


def handing_on(**modules):
    return replace(SKIMAGE, handed_on={f"skimage.{name}": names for name, names in modules.items()})


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"brain": "()"}, {"brain": "()", "palm": "()"}, [("added", "skimage.data.palm", "()")]),
        ({"brain": "()", "palm": "()"}, {"brain": "()"}, [("removed", "skimage.data.palm", "()")]),
        (
            {"blobs": "(length=...)"},
            {"blobs": "(length=..., *, mode=...)"},
            [("signature", "skimage.data.blobs", "added: mode=... (keyword-only)")],
        ),
        (
            {"imshow": "(image)"},
            {"imshow": "constant"},
            [("signature", "skimage.data.imshow", "(image) → constant")],
        ),
        (
            {"brain": "()"},
            {"*": "constant"},
            [("record", "skimage.data", "names are only in a stub now")],
        ),
    ],
)
def test_names_that_are_handed_on_change_like_others(old, new, expected):
    assert summaries(handing_on(data=old), handing_on(data=new)) == expected


def test_submodules_of_wrapped_modules_repeat_no_names():
    old, new = ({"misc": "()"}, {"misc": "(image)"})
    one, other_names = (
        replace(SKIMAGE, handed_on={f"{SKIMAGE.modules[0]}.inner": names}) for names in (old, new)
    )
    assert changes(one, other_names) == ()


# --- classes -----------------------------------------------------------------------------

MEMBERS = {
    "__init__": "(matrix=None, scale=None, *, dimensionality=2)",
    "estimate": "(src, dst)",
    "inverse": "property",
    "scaling": "attribute",
}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {"__init__": "(matrix=None, *, scale=None, dimensionality=None)"},
            ("signature", ORB, "keyword-only now: scale", "dimensionality=2 → None"),
        ),
        (
            {"from_estimate": "classmethod (src, dst)"},
            ("added", f"{ORB}.from_estimate", "classmethod (src, dst)"),
        ),
        ({"estimate": None}, ("removed", f"{ORB}.estimate", "method (src, dst)")),
        ({"scaling": None}, ("removed", f"{ORB}.scaling", "attribute")),
        ({"estimate": "deprecated (src, dst)"}, ("deprecated", f"{ORB}.estimate")),
        (
            {"params": "deprecated property"},
            ("deprecated", f"{ORB}.params", "property"),
        ),
        (
            {"estimate": "classmethod (src, dst)"},
            ("signature", f"{ORB}.estimate", "method (src, dst) → classmethod (src, dst)"),
        ),
        (
            {"inverse": "(order=1)"},
            ("signature", f"{ORB}.inverse", "property → method (order=1)"),
        ),
        (
            {"estimate": "(src, dst=utils.DEPRECATED)"},
            ("deprecated", f"{ORB}.estimate", "parameter dst"),
        ),
    ],
)
def test_a_class_changes_by_its_members(members, expected):
    merged = {**MEMBERS, **members}
    new = {name: text for name, text in merged.items() if text is not None}
    assert summaries(changed(ORB, members=MEMBERS), changed(ORB, members=new)) == [expected]


def test_an_instance_that_a_function_makes_is_known_by_its_class():
    old = changed(members={"Blur.sigma": "property"})
    new = changed(members={"Blur.sigma": "property", "Blur.width": "property"})
    assert summaries(old, new) == [("added", "skimage.filters.Blur.width", "property")]


def test_members_that_an_older_record_lacks_are_no_changes_of_the_library():
    (change,) = changes(SKIMAGE, changed(ORB, members=MEMBERS))
    assert (change.heading, change.names) == ("record", ("skimage",))


# --- all changes -------------------------------------------------------------------------


def everything():
    """Two records with a change under each heading."""
    functions = dict(changed(evidence="observed").functions)
    functions[CANNY] = replace(
        functions[CANNY], doc="Edges.", contract="FLEXIBLE", values={"sigma=2.0": "3f2a1c i:1"}
    )
    old = replace(SKIMAGE, functions=functions, version="1.0")
    functions = {**functions, GAUSSIAN: replace(functions[GAUSSIAN], evidence="inferred")}
    del functions["skimage.color.rgb2gray"]
    functions["skimage.color.gray"] = functions[GAUSSIAN]
    label, sobel = functions["skimage.measure.label"], functions["skimage.filters.sobel_h"]
    functions["skimage.measure.label"] = replace(
        label, parameters=label.parameters[:-1], result="image", warnings={"UserWarning: a": ("b",)}
    )
    functions["skimage.filters.sobel_h"] = replace(
        sobel,
        deprecated="Use `sobel`.",
        dtypes=FLOATS,
        definition="elsewhere:sobel_h",
        returns=replace(sobel.returns, annotation="float"),
    )
    functions[CANNY] = replace(
        functions[CANNY], doc="Find edges.", contract="PURE_2D", values={"sigma=2.0": "3f2a1c i:2"}
    )
    return old, replace(SKIMAGE, functions=functions, version="1.1")


def test_changes_come_most_important_first():
    headings = [*dict.fromkeys(change.heading for change in changes(*everything()))]
    assert headings == [*get_args(Heading)] == [*changes_page.TITLES]


def test_a_changed_result_is_reported_with_the_call_and_the_figure():
    (values,) = [change for change in changes(*everything()) if change.heading == "values"]
    assert (values.names, values.words) == ((CANNY,), ("result of sigma=2.0: mean 1 → 2",))


def test_a_change_of_several_names_is_one_line():
    functions = dict(SKIMAGE.functions)
    for name in (GAUSSIAN, RANK_MEAN, CANNY):
        functions[name] = replace(functions[name], random=True, doc="Other words.")
    merged = changes(SKIMAGE, replace(SKIMAGE, functions=functions))
    (result,) = [change for change in merged if change.heading == "result"]
    assert result.names == (CANNY, GAUSSIAN, RANK_MEAN)
    keys = [(change.heading, change.words) for change in merged]
    assert len(keys) == len(set(keys))


def test_a_new_version_changes_every_fingerprint_and_that_is_no_news():
    functions = {
        name: replace(function, fingerprint="other") for name, function in SKIMAGE.functions.items()
    }
    new = replace(SKIMAGE, functions=functions, version="99")
    report = frozen.library_changes("skimage", SKIMAGE, new)
    assert (report.changes, report.after) == ((), "99")
    (change,) = changes(SKIMAGE, replace(new, version=SKIMAGE.version))
    assert (change.heading, change.words) == ("record", ("fingerprint",))


def test_libraries_that_come_and_go_are_reported_by_their_versions():
    both = handmade_manifest.manifest()
    one = Manifest(libraries={"skimage": SKIMAGE})
    version = both.libraries["scipy"].version
    (new,), (gone,) = frozen.all_changes(one, both), frozen.all_changes(both, one)
    assert (new.library, new.before, new.after) == ("scipy", "", version)
    assert (gone.library, gone.before, gone.after) == ("scipy", version, "")
    assert frozen.all_changes(both, both) == ()


@pytest.mark.parametrize(
    ("path", "new"),
    [*variants(filled(SKIMAGE.functions[GAUSSIAN]))],
    ids=lambda value: str(value)[:60],
)
def test_a_change_of_any_field_of_a_function_is_reported(path, new):
    old, other_library = (
        replace(SKIMAGE, functions={**SKIMAGE.functions, GAUSSIAN: function})
        for function in (filled(SKIMAGE.functions[GAUSSIAN]), new)
    )
    # The text on a parameter is part of the function's documentation, which is compared.
    is_repeated = path.startswith(".parameters") and path.endswith(".description")
    for one, another in ((old, other_library), (other_library, old)):
        assert bool(changes(one, another)) is not is_repeated, path


@pytest.mark.parametrize("field", [field.name for field in msgspec.structs.fields(Library)])
def test_a_change_of_any_field_of_a_library_is_reported(field):
    new = replace(SKIMAGE, **{field: other(getattr(SKIMAGE, field))})
    if field == "excluded":
        new = replace(SKIMAGE, excluded={"skimage.filters.gone": Exclusion(reason="display")})
    for one, another in ((SKIMAGE, new), (new, SKIMAGE)):
        (report,) = frozen.all_changes(
            Manifest(libraries={"skimage": one}), Manifest(libraries={"skimage": another})
        )
        assert report.changes or report.before != report.after


# --- how it is printed -------------------------------------------------------------------


def page(old, new, *, width=100, documentation=False, color=False):
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, force_terminal=color, color_system="standard" if color else None
    )
    report = frozen.library_changes("skimage", old, new)
    changes_page.page(console, report, documentation=documentation)
    return stream.getvalue()


def test_the_page_of_each_heading():
    assert page(*everything(), width=70).splitlines()[:6] == [
        "scikit-image 1.0 → 1.1",
        "Lost contracts: measured before, and no longer",
        "  skimage.filters.gaussian: was measured to be FLEXIBLE, but could not",
        "      be measured now and is inferred: known",
        "Removed",
        "  skimage.color.rgb2gray: (rgb, *, channel_axis=-1)",
    ]


def test_a_loss_is_red():
    old, new = everything()
    red, end = "\x1b[31m", "\x1b[0m"
    printed = page(old, new, width=140, color=True)
    assert f"{red}  skimage.filters.gaussian: was measured to be FLEXIBLE" in printed
    assert printed.count(red) == 1 and end in printed


def test_documentation_is_counted_and_shown_on_request():
    old, new = everything()
    counted, shown = (page(old, new, documentation=asked) for asked in (False, True))
    assert counted.endswith("Documentation\n  1 docstring changed\n")
    assert shown == f"{counted}  {CANNY}\n      - Edges.\n      + Find edges.\n"


def test_many_names_of_one_module_are_listed_after_it():
    functions = dict(SKIMAGE.functions)
    for name in (CANNY, GAUSSIAN, "skimage.filters.sobel_h", RANK_MEAN):
        functions[name] = replace(functions[name], random=True)
    printed = page(SKIMAGE, replace(SKIMAGE, functions=functions), width=140)
    assert printed.splitlines()[2] == (
        "  skimage.feature: canny; skimage.filters: gaussian, sobel_h; skimage.filters.rank: mean: "
        "random: no → yes"
    )


def test_of_a_long_list_of_names_some_are_examples():
    name, entry = next(iter(SKIMAGE.functions.items()))
    module = name.rpartition(".")[0]
    many = {f"{module}.f{number:02}": entry for number in range(61)}
    old = replace(SKIMAGE, functions=many)
    new = replace(old, functions={name: replace(each, random=True) for name, each in many.items()})
    assert page(old, new, width=300).splitlines()[2] == (
        f"  61 names, such as {', '.join(f'{module}.f{n:02}' for n in range(5))}: random: no → yes"
    )


def test_of_many_additions_only_the_names_are_printed():
    name, entry = next(iter(SKIMAGE.functions.items()))
    parameters = entry.parameters
    module = name.rpartition(".")[0]
    added = {
        f"{module}.f{number:02}": replace(
            entry, parameters=(replace(parameters[0], name=f"image{number}"), *parameters[1:])
        )
        for number in range(26)
    }
    new = replace(SKIMAGE, functions={**SKIMAGE.functions, **added})
    printed = page(SKIMAGE, new, width=1000).splitlines()
    listed = ", ".join(f"f{n:02}" for n in range(26))
    assert printed[1:3] == ["Added", f"  26 names: {module}: {listed}"]


def test_deprecations_with_the_same_message_are_one_line():
    functions = dict(SKIMAGE.functions)
    names = (CANNY, GAUSSIAN, RANK_MEAN)
    for name, successor in zip(names, ("edges", "blur", "mean"), strict=True):
        functions[name] = replace(functions[name], deprecated=f"Use {successor}() instead.")
    printed = page(SKIMAGE, replace(SKIMAGE, functions=functions), width=300).splitlines()
    assert printed[1:] == [
        "Deprecated",
        f"  Use … instead: {CANNY} → edges; {GAUSSIAN} → blur; {RANK_MEAN} → mean",
    ]


def test_no_line_is_wider_than_the_console():
    old, new = everything()
    assert max(map(len, page(old, new, width=60).splitlines())) <= 60


def test_markdown_is_fit_for_a_changelog():
    report = frozen.library_changes("skimage", *everything())
    lines = changes_page.markdown(report).splitlines()
    assert lines[0] == "## scikit-image 1.0 → 1.1"
    headings = [line.removeprefix("### ") for line in lines if line.startswith("### ")]
    assert headings == [*changes_page.TITLES.values()]
    # A star would begin emphasis.
    assert "- `skimage.color.rgb2gray`: (rgb, \\*, channel_axis=-1)" in lines
    assert "- `skimage.filters.sobel_h`: Use `sobel`." in lines
    assert lines[-2:] == ["", "- 1 docstring changed"]
    asked = changes_page.markdown(report, documentation=True).splitlines()
    assert asked[: len(lines)] == lines
    assert asked[len(lines) :] == [
        "", f"`{CANNY}`:", "", "```diff", "- Edges.", "+ Find edges.", "```"
    ]  # fmt: skip


def test_two_backticks_are_one_in_markdown():
    message = "FutureWarning: a ``scale`` of `scale_factor` > 2"
    new = changed(deprecated=message)
    assert f"- `{GAUSSIAN}`: FutureWarning: a `scale` of `scale_factor` \\> 2" in (
        changes_page.markdown(frozen.library_changes("skimage", SKIMAGE, new)).splitlines()
    )


# --- the command -------------------------------------------------------------------------


@dataclass
class Records:
    """Two records on disk: a manifest, and the folder of a package."""

    old: Path
    new: Path


@pytest.fixture
def records(tmp_path):
    old, new = everything()
    package = tmp_path / "voxbind"
    package.mkdir()
    paths = Records(tmp_path / "old.json", package)
    scipy = handmade_manifest.scipy()
    for path, library in ((paths.old, old), (package / "manifest.json", new)):
        manifest = Manifest(libraries={"skimage": library, "scipy": scipy})
        path.write_text(frozen.encode(manifest), encoding="utf-8")
    return paths


@pytest.fixture
def compare(capsys):
    def run(*arguments):
        code = cli.run(["compare", *map(str, arguments)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_compare_prints_the_libraries_that_differ(records, compare):
    code, output, _ = compare(records.old, records.new)
    assert (code, output.splitlines()[0]) == (0, "scikit-image 1.0 → 1.1")
    assert "scipy" not in output
    assert compare(records.new, records.new)[:2] == (0, "The two records are equal.\n")


def test_compare_gives_json_with_all_names_and_words(records, compare):
    (library,) = json.loads(compare(records.old, records.new, "--json")[1])["libraries"]
    expected = frozen.library_changes("skimage", *everything())
    assert msgspec.convert(library, type(expected)) == expected


def test_compare_gives_markdown(records, compare):
    _, output, _ = compare(records.old, records.new, "--markdown", "--documentation")
    report = frozen.library_changes("skimage", *everything())
    assert output == changes_page.markdown(report, documentation=True) + "\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere", "{new}"), "'nowhere' is neither a manifest.json, nor the folder of a package"),
        (("{new}", "{folder}"), "holds no manifest.json"),
        (("numpy==2.0", "{new}"), "'numpy' is no library that voxbind wraps"),
        (("cucim==26.10", "{new}"), "'cucim' needs a GPU"),
        (("scipy==1.16.0", "skimage==0.26.0"), "scipy and skimage are different libraries"),
        (("{old}", "{new}", "--library", "nothing"), "Neither record holds nothing"),
    ],
)
def test_compare_says_what_it_can_compare(records, compare, tmp_path, arguments, message):
    folder = tmp_path / "empty"
    folder.mkdir()
    texts = [text.format(old=records.old, new=records.new, folder=folder) for text in arguments]
    code, output, errors = compare(*texts)
    assert (code, output) == (1, "")
    assert message in errors


def test_compare_refuses_two_formats_at_once(records, compare):
    assert compare(records.old, records.new, "--json", "--markdown")[0] == 2


@pytest.mark.parametrize(
    ("text", "requirement"),
    [
        ("skimage==0.25.2", "scikit-image==0.25.2"),
        ("scikit-image == 0.26.0rc1", "scikit-image==0.26.0rc1"),
        ("scipy==1.16.0", "scipy==1.16.0"),
        ("scikit-image>=0.25", None),
        ("scikit-image", None),
        ("scikit-image==0.25.*", None),
    ],
)
def test_a_version_is_pinned(text, requirement):
    version = environments.read_version(text)
    assert (version and version.requirement) == requirement


@pytest.mark.parametrize("version", ["0.25.x!", "x.1", "1..2", "0.25.2-what"])
def test_a_version_that_is_none_is_refused_before_an_environment_is_made(version):
    with pytest.raises(BuildError, match=rf"'{re.escape(version)}' is no version"):
        environments.read_version(f"scikit-image=={version}")


def test_a_version_that_pip_does_not_find_is_one_sentence(tmp_path):
    python = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--no-index"]
    pip = [*python, "--no-deps", "--dest", str(tmp_path), "--find-links", str(tmp_path)]
    with pytest.raises(BuildError) as error:
        environments._install_first(pip, [["scikit-image==99.1"]])
    assert str(error.value).startswith("pip finds no scikit-image==99.1 for Python 3.")
    assert len(str(error.value).splitlines()) == 1


def test_who_chose_numpy_makes_no_difference_to_an_environment(tmp_path):
    numpy = metadata.version("numpy")
    done, python = tmp_path / "installed", Path(sys.executable)
    plain = ["scikit-image==0.26.0", "ruff>=0.9"]
    cases = [
        (plain, plain, True),
        (plain, ["scikit-image==0.26.0", f"numpy=={numpy}", "ruff>=0.9"], True),
        (["scikit-image==0.26.0", f"numpy=={numpy}", "ruff>=0.9"], plain, True),
        (plain, ["scikit-image==0.26.0", "numpy==1.26.4", "ruff>=0.9"], False),
        (plain, ["scikit-image==0.26.0", "ruff>=0.10"], False),
    ]
    for there, wanted, expected in cases:
        done.write_text("\n".join(there))
        assert environments._is_installed(done, wanted, python) is expected, wanted
    assert not environments._is_installed(tmp_path / "missing", plain, python)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("int", "float", ["image: int → float"]),
        ('Literal["a", "b"] | None', 'None | Literal["b", "a"]', []),
        ('Sequence[Literal["a", "b"]]', 'Sequence[Literal["b", "a"]]', []),
        ('Literal["a"]', 'Literal["c", "a", "b"]', ['image: also "c", "b"']),
        ('Literal["a", "b"] | None', 'Literal["a"] | None', ['image: no longer "b"']),
        (
            'Literal["a"]',
            'Literal["a"] | Sequence[Literal["a"]]',
            ['image: also Sequence[Literal["a"]]'],
        ),
        ('Literal["a"]', 'Literal["b"]', ['image: Literal["a"] → Literal["b"]']),
        ("str", 'Literal["a"]', ['image: str → Literal["a"]']),
        ("not a type(", 'Literal["a"]', ['image: not a type( → Literal["a"]']),
    ],
)
def test_of_a_type_that_lists_values_only_those_that_changed_are_named(before, after, words):
    then, now = (
        changed(parameters=(replace(PARAMETERS[0], annotation=text), *PARAMETERS[1:]))
        for text in (before, after)
    )
    listed = [change.words for change in changes(then, now) if change.heading == "types"]
    assert [word for words in listed for word in words] == words


def test_an_environment_gets_what_the_generator_needs():
    required = environments.generator_requirements()
    assert any(entry.startswith("msgspec") for entry in required)
    assert any(entry.startswith("PyWavelets") for entry in required)
    # As an installed voxbind has them.
    metadata = [
        "numpy>=1.26",
        *(f'{entry}; extra == "build"' for entry in required),
        "a; extra=='b'",
    ]
    assert [*environments.of_extras(metadata, environments.EXTRAS)] == required
    elsewhere = "intel-opencl-rt>=2026; (sys_platform == 'plan9') and extra == 'opencl-cpu'"
    assert [*environments.of_extras([elsewhere], ["opencl-cpu"])] == []


def test_an_environment_fits_the_version_and_shares_numpy_if_pip_agrees():
    """The stubs of another minor version would show as changed types of each function."""
    version = environments.read_version("scipy==1.14.1")
    assert version is not None
    choices = [*environments.requirement_choices(version, "2.2.6")]
    stubs = [next(entry for entry in each if "stubs" in entry) for each in choices]
    assert stubs[:2] == ["scipy-stubs==1.14.*"] * 2
    assert all(entry.startswith("scipy-stubs>=") for entry in stubs[2:])
    assert ["numpy==2.2.6" in each for each in choices] == [True, False, True, False]
    assert {each[0] for each in choices} == {"scipy==1.14.1"}


def test_an_environment_for_opencl_has_a_device():
    version = environments.read_version("pyclesperanto==0.25.1")
    assert version is not None
    (required,) = environments.requirement_choices(version, None)
    assert any(entry.startswith("intel-opencl-rt") for entry in required)
    assert not any(entry.startswith("voxbind") for entry in required)


def test_distributions_that_differ_beside_the_library_are_named():
    old, new = (
        environments.Environment(package=Path(), distributions=versions)
        for versions in (
            {"scikit-image": "0.25.2", "numpy": "2.3", "scipy": "1.17", "scipy-stubs": "1.16"},
            {"scikit-image": "0.26.0", "numpy": "2.4", "scipy": "1.17", "pooch": "1"},
        )
    )
    assert environments.unequal(old, new, apart_from="scikit-image") == [
        "numpy 2.3 and 2.4",
        "pooch missing and 1",
    ]


def test_a_command_that_fails_is_quoted_with_its_last_lines():
    script = "import sys; print('first'); print('no such version', file=sys.stderr); sys.exit(3)"
    with pytest.raises(BuildError, match=r"This command failed: .*\n  first\n  no such version$"):
        environments.run_command([sys.executable, "-c", script])
