"""The frozen record: canonical text, careful reading, comparison."""

import json
import lzma
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import jsonschema
import msgspec
import pytest
from msgspec.structs import replace

from helpers import record_variants
from helpers.record_variants import other, variants
from voxbind_build import manifest as frozen
from voxbind_build import model
from voxbind_build.manifest import ManifestError, migrations, sealing
from voxbind_build.manifest.compare import _HEADING as HEADING
from voxbind_build.model import (
    SCHEMA_VERSION,
    Call,
    Description,
    DtypeFact,
    EnvironmentVariable,
    Exclusion,
    Form,
    Inventory,
    Library,
    LibrarySpec,
    Manifest,
    Observation,
    Parameter,
    ProbeTask,
    PublicName,
    Result,
    Returns,
    TypeFindings,
    Verdict,
)

RENAMED = {
    "whole": "other_arrays",
    "host": "host_arrays",
    "named": "name_or_array",
    "only": "allowed_dtypes",
    "keeps": "preserves",
}
"""Fields of functions that have another name since schema version 2."""
LAST_RELEASE = Path(__file__).parents[1] / "manifests" / "manifest-0.1.0.json.xz"

SPEC = LibrarySpec(name="toy", distribution="toy-lib", extra="toy", modules=("toy.filters",))


def parameter(name, kind="POSITIONAL_OR_KEYWORD", default=None, annotation="float"):
    return Parameter(
        name=name,
        kind=kind,
        annotation=annotation,
        annotation_source="docstring",
        default=default,
    )


def description(name="toy.filters.blur", parameters=None, doc="Blur an image.\n\nMuch."):
    module, _, attribute = name.rpartition(".")
    return Description(
        name=name,
        module=module,
        attribute=attribute,
        definition=f"toy._impl:{attribute}",
        fingerprint="sha256:1",
        parameters=parameters
        or (parameter("image", annotation="ArrayT"), parameter("sigma", default="1.0")),
        returns=Returns(annotation="ArrayT", annotation_source="docstring"),
        doc=doc,
    )


def verdict(contract="FLEXIBLE", **facts):
    return Verdict(
        kind="image",
        contract=contract,
        reason="a volume's result isn't its slices' results",
        evidence="observed",
        result="image",
        arrays=("image",),
        dtypes={"uint8": DtypeFact(dtype="float64", range=(0.0, 1.0))},
        **facts,
    )


def library(described=None, judged=None, version="1.0", names=(), spec=SPEC, types=None):
    described = (description(),) if described is None else described
    functions = [PublicName(name=entry.name, kind="function") for entry in described]
    inventory = Inventory(spec=spec, version=version, names=(*functions, *names))
    judged = judged or {entry.name: verdict() for entry in described}
    return frozen.freeze(inventory, described, judged, types)


EXCLUDED = PublicName(
    name="toy.filters.imread", kind="function", exclusion=Exclusion(reason="file-io")
)


def manifest():
    names = (
        PublicName(name="toy.filters.Kernel", kind="class"),
        PublicName(name="toy.filters.EPS", kind="constant"),
        EXCLUDED,
    )
    return Manifest(libraries={"toy": library(names=names)}, files={"b.py": "sha256:0"})


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text(frozen.encode(manifest()), encoding="utf-8")
    return path


# --- freezing --------------------------------------------------------------------------


def test_every_public_name_ends_in_functions_or_excluded():
    entry = manifest().libraries["toy"]
    assert sorted(entry.functions) == ["toy.filters.EPS", "toy.filters.Kernel", "toy.filters.blur"]
    assert sorted(entry.excluded) == ["toy.filters.imread"]


def test_what_the_library_must_be_told_before_its_import_is_kept():
    variable = EnvironmentVariable(below_prefix=("lib/libtoy.so",), unless=("/etc/toy/*",))
    spec = replace(SPEC, environment={"TOY_DRIVERS": variable})
    assert library(spec=spec).environment == {"TOY_DRIVERS": variable}


def test_classes_and_constants_are_helpers():
    functions = manifest().libraries["toy"].functions
    assert functions["toy.filters.Kernel"].form == "class"
    assert functions["toy.filters.EPS"].form == "constant"
    assert {functions[f"toy.filters.{name}"].kind for name in ("Kernel", "EPS")} == {"helper"}


def test_a_wrapper_is_named_like_its_upstream():
    assert manifest().libraries["toy"].functions["toy.filters.blur"].wrapper == (
        "voxbind.toy.filters.blur"
    )


def test_a_function_holds_each_fact_of_its_verdict():
    judged = verdict(refuses={"bool": "TypeError: no"}, mutates=("image",), random=True)
    entry = library(judged={"toy.filters.blur": judged}).functions["toy.filters.blur"]
    flat = msgspec.to_builtins(entry)
    assert msgspec.to_builtins(judged).items() <= flat.items()


@pytest.mark.parametrize("kind", ["function", "module"])
def test_a_name_without_a_place_is_an_error(kind):
    inventory = Inventory(
        spec=SPEC, version="1.0", names=(PublicName(name="toy.filters.lost", kind=kind),)
    )
    with pytest.raises(ValueError, match=r"toy\.filters\.lost.*neither"):
        frozen.freeze(inventory, (), {})


@pytest.mark.parametrize(
    ("seen", "annotation", "source"),
    [(None, "ArrayT", "docstring"), ("float | Array", "float | Array", "observed")],
)
def test_the_type_that_was_seen_overrules_the_documented_one(seen, annotation, source):
    entry = library(types={"toy.filters.blur": TypeFindings(returns=seen)})
    returns = entry.functions["toy.filters.blur"].returns
    assert (returns.annotation, returns.annotation_source) == (annotation, source)


# --- the file --------------------------------------------------------------------------


def test_what_is_written_is_read_again(written):
    read = frozen.read(written)
    assert replace(read, digest="") == manifest()
    assert frozen.encode(read) == written.read_text(encoding="utf-8")


def test_the_text_is_sorted_and_ends_with_a_newline(written):
    text = written.read_text(encoding="utf-8")
    assert text.endswith("\n}\n")
    assert json.dumps(json.loads(text)) == json.dumps(json.loads(text), sort_keys=True)


def test_each_fact_of_a_function_and_each_parameter_has_a_line_of_its_own(written):
    lines = written.read_text(encoding="utf-8").splitlines()
    start = lines.index('"toy.filters.blur": {')
    function = lines[start + 1 : lines.index("}", start)]
    assert '"contract": "FLEXIBLE",' in function
    assert '"arrays": ["image"],' in function
    assert '"uint8": {"dtype":"float64","range":[0.0,1.0]}' in function
    assert sum('"POSITIONAL_OR_KEYWORD"' in line for line in function) == 2
    assert all(line.count('"kind":') < 2 for line in lines)


DOCUMENTED = {
    "": "schema_version libraries files",
    "libraries.toy": "distribution version memory_type twin functions excluded",
    "libraries.toy.functions.*": "wrapper kind contract reason evidence result arrays "
    "needs_channels dtypes mutates random deprecated parameters returns module original_name doc "
    "tags",
    "libraries.toy.functions.*.parameters.*": "name kind annotation annotation_source default",
    "libraries.toy.functions.*.returns": "annotation annotation_source",
    "libraries.toy.functions.*.dtypes.*": "dtype range",
    "libraries.toy.excluded.*": "reason detail",
}
"""By place in the JSON, the fields that other programs read from a manifest."""


@pytest.mark.parametrize("place", DOCUMENTED)
def test_fields_that_other_programs_read_are_written_even_if_they_say_nothing(place):
    plain = Verdict(kind="helper", contract=None, reason="", evidence="observed")
    judged = {"toy.filters.blur": replace(plain, dtypes={"bool": DtypeFact(dtype="bool")})}
    entry = library(judged=judged, names=(EXCLUDED,))
    records = [json.loads(frozen.encode(Manifest(libraries={"toy": entry})))]
    for step in filter(None, place.split(".")):
        members = [record.values() if isinstance(record, dict) else record for record in records]
        records = (
            [member for group in members for member in group]
            if step == "*"
            else [record[step] for record in records]
        )
    assert records
    for record in records:
        assert not set(DOCUMENTED[place].split()) - record.keys()


def test_other_facts_are_left_out_if_they_equal_their_default(written):
    document = json.loads(written.read_text())
    function = document["libraries"]["toy"]["functions"]["toy.filters.blur"]
    assert not {"masked", "warnings", "preserves", "stacks", "members"} & function.keys()
    assert "description" not in function["parameters"][0]
    changed = library(judged={"toy.filters.blur": verdict(stacks=True, masked=("image",))})
    text = frozen.encode(Manifest(libraries={"toy": changed}))
    function = json.loads(text)["libraries"]["toy"]["functions"]["toy.filters.blur"]
    assert (function["stacks"], function["masked"]) == (True, ["image"])


def test_order_of_insertion_doesnt_show():
    entry = manifest().libraries["toy"]
    functions = dict(reversed(list(entry.functions.items())))
    turned = Manifest(libraries={"toy": replace(entry, functions=functions)})
    assert frozen.encode(turned) == frozen.encode(Manifest(libraries={"toy": entry}))


def test_the_manifest_fits_its_schema(written):
    jsonschema.validate(json.loads(written.read_text()), json.loads(frozen.schema()))


def test_the_schema_is_shipped():
    assert frozen.seal(manifest(), {})[frozen.SCHEMA] == frozen.schema()


def test_sealing_lists_every_file_but_the_manifest():
    sealed = frozen.seal(manifest(), {"a.py": "a = 1\n", "sub/ü.py": "ü = 1\n"})
    files = json.loads(sealed["manifest.json"])["files"]
    assert files == {
        path: frozen.sha256(text) for path, text in sealed.items() if path != "manifest.json"
    }
    assert sorted(files) == ["a.py", "manifest.schema.json", "sub/ü.py"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[: len(text) // 2], "isn't valid JSON"),
        (lambda text: "", "isn't valid JSON"),
        (lambda text: "[]", "isn't a voxbind manifest"),
        (lambda text: '{"name": "another tool"}', "isn't a voxbind manifest"),
        (lambda text: text.replace('"schema_version": 2', '"schema_version": 3'), "version 3"),
        (lambda text: text.replace('"FLEXIBLE"', '"FLEXBLE"'), "isn't a voxbind manifest"),
        (lambda text: text.replace('"FLEXIBLE"', '"PURE_2D"'), "was changed"),
        (lambda text: text.replace('"float64"', '"float32"'), "was changed"),
    ],
    ids=["half", "empty", "list", "foreign", "newer", "invalid", "contract", "dtype"],
)
def test_what_voxbind_didnt_write_is_refused_with_the_way_out(written, damage, message):
    text = written.read_text()
    assert damage(text) != text
    written.write_text(damage(text))
    with pytest.raises(ManifestError, match=message) as caught:
        frozen.read(written)
    assert str(written) in str(caught.value)
    assert "voxbind build --fresh" in str(caught.value)


def test_bytes_that_are_no_text_are_refused(written):
    written.write_bytes(b"\xff\xfe" + written.read_bytes())
    with pytest.raises(ManifestError, match="voxbind build --fresh"):
        frozen.read(written)


# --- observations ----------------------------------------------------------------------

OBSERVATION = Observation(
    definition="toy._impl:blur",
    fingerprint="sha256:1",
    calls=(
        Call(
            case="disks",
            shape=(32, 40),
            dtype="uint8",
            outcome="returned",
            result=Result(type="array", shape=(32, 40), dtype="float64", range=(0.0, 1.0)),
        ),
    ),
    relations={"per_slice": False},
)


def write_package(folder, libraries, observations):
    files = {
        frozen.observations_path(name): frozen.encode_observations(observed)
        for name, observed in observations.items()
    }
    for path, text in frozen.seal(Manifest(libraries=libraries), files).items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def package(tmp_path, observations):
    return write_package(tmp_path, {"toy": library()}, {"toy": observations})


def test_observations_come_back_as_they_were(tmp_path):
    observations = {name: OBSERVATION for name in ("toy._impl:blur", "toy._impl:add")}
    record = frozen.read_record(package(tmp_path, observations))
    assert record.observations == {"toy": observations}


def test_observations_take_one_line_each_and_are_sorted():
    lines = frozen.encode_observations({"b:f": OBSERVATION, "a:f": OBSERVATION}).splitlines()
    members = ['"observations":{', '"a', '"b', "}}"]
    assert [line.partition(":f")[0] for line in lines[1:]] == members
    assert lines[0].startswith('{"digest":"sha256:')


def test_there_may_be_no_record(tmp_path):
    record = frozen.read_record(tmp_path)
    assert record.manifest.libraries == {}
    assert record.problems == ()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_text(path.read_text()[:-20]),
        lambda path: path.write_text(path.read_text().replace("float64", "float32")),
        lambda path: path.write_bytes(b"\xff\x00"),
    ],
    ids=["missing", "truncated", "edited", "binary"],
)
@pytest.mark.parametrize("distrust", [False, True])
def test_damaged_observations_cost_their_own_library_and_are_named(tmp_path, damage, distrust):
    libraries = {"toy": library(), "other": library()}
    observations = {"toy._impl:blur": OBSERVATION}
    write_package(tmp_path, libraries, dict.fromkeys(libraries, observations))
    damage(tmp_path / "observations" / "toy.json")
    record = frozen.read_record(tmp_path, distrust=distrust, recordings=tmp_path / "none")
    assert record.observations == {"other": observations}
    assert list(record.manifest.libraries) == ["other", "toy"]
    (problem,) = record.problems
    assert str(tmp_path / "observations" / "toy.json") in problem
    assert "will measure this library again" in problem


def test_observations_are_read_without_the_manifest_that_lists_them(tmp_path):
    package(tmp_path, {"toy._impl:blur": OBSERVATION})
    (tmp_path / "manifest.json").write_text("{}")
    record = frozen.read_record(tmp_path, distrust=True, recordings=tmp_path / "none")
    assert record.observations == {"toy": {"toy._impl:blur": OBSERVATION}}


# --- records that evolve ---------------------------------------------------------------


def test_a_field_that_a_newer_voxbind_adds_or_an_older_one_lacks_changes_nothing(written):
    before = frozen.read(written)
    document = json.loads(written.read_text())
    entry = document["libraries"]["toy"]["functions"]["toy.filters.blur"]
    entry["added_later"] = [1, {"a": 2}]
    del entry["mutates"]
    written.write_text(sealing.sealed(json.dumps(document, indent=1, sort_keys=True) + "\n"))
    assert frozen.read(written).libraries == before.libraries


def test_the_digest_is_of_the_bytes_that_were_read(written):
    written.write_text(written.read_text().replace("\n}", "\n }"))
    with pytest.raises(ManifestError, match="was changed"):
        frozen.read(written)


def test_the_manifest_of_the_last_release_is_read_whole(tmp_path):
    released = json.loads(lzma.decompress(LAST_RELEASE.read_bytes()))
    path = tmp_path / "manifest.json"
    path.write_bytes(lzma.decompress(LAST_RELEASE.read_bytes()))
    manifest = frozen.read(path)
    for name, entry in released["libraries"].items():
        library = manifest.libraries[name]
        assert library.version == entry["version"]
        assert {public: function.contract for public, function in library.functions.items()} == {
            public: function["contract"] for public, function in entry["functions"].items()
        }
        assert library.excluded.keys() == entry["excluded"].keys()
        for public, function in entry["functions"].items():
            migrated = library.functions[public]
            for old, new in RENAMED.items():
                value = getattr(migrated, new)
                assert (list(value) if isinstance(value, tuple) else value) == function[old]
            if (twin := function["twin"]) and migrated.twin:
                assert [
                    (kind.dtype, list(kind.parameters), kind.max_relative, kind.unlike)
                    for kind in migrated.twin.deviations
                ] == [
                    (kind["dtype"], kind["given"], kind["relative"], kind["unlike"])
                    for kind in twin["apart"]
                ]


def test_each_schema_version_leads_to_the_next():
    assert sorted(migrations.STEPS) == list(range(1, SCHEMA_VERSION))


TASK = ProbeTask(description=description(), memory_type="numpy")


@pytest.mark.parametrize(
    ("task", "version", "method"),
    [
        (replace(TASK, roles={"image": "mask"}), "1.0", "m"),
        (replace(TASK, description=replace(TASK.description, fingerprint="x")), "1.0", "m"),
        (replace(TASK, description=description(parameters=(parameter("im"),))), "1.0", "m"),
        (TASK, "1.1", "m"),
        (TASK, "1.0", "other"),
    ],
    ids=["roles", "source", "parameters", "version", "method"],
)
def test_an_observation_holds_until_its_grounds_change(task, version, method):
    assert frozen.fingerprint(TASK, "1.0", "m") == frozen.fingerprint(TASK, "1.0", "m")
    assert frozen.fingerprint(task, version, method) != frozen.fingerprint(TASK, "1.0", "m")


# --- comparison ------------------------------------------------------------------------

BASE = library()


def described(record, text):
    blur = record.functions["toy.filters.blur"]
    parameters = tuple(replace(entry, description=text) for entry in blur.parameters)
    return replace(record, functions={"toy.filters.blur": replace(blur, parameters=parameters)})


@pytest.mark.parametrize(
    ("new", "aspects"),
    [
        (BASE, set()),
        (library(version="1.1"), {"version"}),
        (library(described=()), {"removed"}),
        (library((description(), description("toy.filters.add"))), {"added"}),
        (library((description(parameters=(parameter("im", annotation="ArrayT"),)),)),
         {"signature", "types"}),
        (library((description(parameters=(parameter("image", annotation="ArrayT"),
                                          parameter("sigma", default="2.0"))),)), {"signature"}),
        (library((description(parameters=(parameter("image", annotation="ArrayT"),
                                          parameter("sigma", default="1.0",
                                                    annotation="int"))),)), {"types"}),
        (library((description(doc="Blur."),)), {"documentation"}),
        (described(BASE, "Older records repeat this text of the documentation."), set()),
        (library(judged={"toy.filters.blur": verdict("PURE_2D")}), {"contract"}),
        (library(judged={"toy.filters.blur": verdict(stacks=True)}), {"result"}),
        (library(judged={"toy.filters.blur": verdict(result_reason="bool")}), {"result"}),
        (library(judged={"toy.filters.blur": replace(verdict(), dtypes={})}), {"dtypes"}),
    ],
    ids=lambda value: ",".join(sorted(value)) or "none" if isinstance(value, set) else "",
)  # fmt: skip
def test_each_change_has_its_aspect(new, aspects):
    assert {difference.aspect for difference in frozen.compare("toy", BASE, new)} == aspects
    assert {difference.aspect for difference in frozen.compare("toy", new, BASE)} == {
        {"added": "removed", "removed": "added"}.get(aspect, aspect) for aspect in aspects
    }


def full():
    return record_variants.filled(BASE.functions["toy.filters.blur"])


def test_the_walk_reaches_every_kind_of_record_in_a_function():
    paths = {path for path, _ in variants(full())}
    assert {".doc", ".parameters.1.default", ".returns.forms.0.annotation"} <= paths
    assert {".twin.agreement.deviations.0.dtype", ".overruled.by", ".dtypes.uint8.range"} <= paths
    for entry in msgspec.structs.fields(full()):
        assert f".{entry.name}" in paths or entry.name in ("returns", "values")
    for entry in msgspec.structs.fields(Returns):
        assert f".returns.{entry.name}" in paths


@pytest.mark.parametrize(
    ("path", "changed"),
    [(path, changed) for path, changed in variants(full()) if not path.endswith(".description")],
    ids=lambda value: str(value)[:60],
)
def test_a_change_of_any_field_of_a_function_is_told(path, changed):
    old, new = (
        replace(BASE, functions={**BASE.functions, "toy.filters.blur": function})
        for function in (full(), changed)
    )
    for one, another in ((old, new), (new, old)):
        differences = frozen.compare("toy", one, another)
        assert differences
        assert {difference.name for difference in differences} == {"toy.filters.blur"}
        assert all(entry.before != entry.after for entry in differences), path


@pytest.mark.parametrize("entry", [entry.name for entry in msgspec.structs.fields(Library)])
def test_a_change_of_any_field_of_a_library_is_told(entry):
    changed = replace(BASE, **{entry: other(getattr(BASE, entry))})
    if entry == "excluded":
        changed = replace(BASE, excluded={"toy.filters.gone": Exclusion(reason="display")})
    assert frozen.compare("toy", BASE, changed)
    assert frozen.compare("toy", changed, BASE)


def test_changed_values_are_told_as_the_call_and_the_figure_that_changed_most():
    blur = BASE.functions["toy.filters.blur"]
    old, new = (
        replace(BASE, functions={"toy.filters.blur": replace(blur, values=values)})
        for values in (
            {"image": "3f2a1c 4x5:1", "mode='wrap'": "7b01d2 4x5:0.12 0.1 0 1 0.2", "x=1": "a :1"},
            {"image": "3f2a1c 4x5:1.02", "mode='wrap'": "7b01d2 4x5:0.1 0.1 0 1 0.1"},
        )
    )
    (difference,) = frozen.compare("toy", old, new)
    assert (difference.aspect, difference.name) == ("values", "toy.filters.blur")
    assert difference.before == "result of mode='wrap': mean weighted by position 0.2"
    assert difference.after == "0.1"


def test_fields_that_are_listed_under_a_heading_are_there():
    for path in HEADING:
        record, _, entry = path.partition(".")
        fields = msgspec.structs.fields(getattr(model, record))
        assert entry in [field.name for field in fields], path


def test_a_new_version_is_told_once_though_it_changes_every_fingerprint():
    blur = replace(BASE.functions["toy.filters.blur"], fingerprint="sha256:2")
    new = replace(BASE, version="1.1", functions={"toy.filters.blur": blur})
    assert [entry.aspect for entry in frozen.compare("toy", BASE, new)] == ["version"]
    same = replace(new, version="1.0")
    assert [entry.aspect for entry in frozen.compare("toy", BASE, same)] == ["source"]


def test_the_order_of_parameters_is_a_difference():
    first, second = parameter("a"), parameter("b")
    one, another = (
        library((description(parameters=parameters),))
        for parameters in ((first, second), (second, first))
    )
    (difference,) = frozen.compare("toy", one, another)
    assert (difference.aspect, difference.before) == ("signature", "(a, b)")


def test_the_order_of_options_is_no_difference():
    """A record that was read has them sorted, and one that was just made as they were tried."""
    options = {"return_indices": "True", "distances": "None"}
    blur = BASE.functions["toy.filters.blur"]

    def base(options):
        forms = (Form(options=options, annotation="Array"),)
        changed = replace(blur, returns=replace(blur.returns, forms=forms))
        return replace(BASE, functions={**BASE.functions, "toy.filters.blur": changed})

    one, other = base(options), base(dict(sorted(options.items())))
    assert frozen.compare("toy", one, other) == ()


@pytest.mark.parametrize(
    ("older", "differs"),
    [("Literal['a'] | None", False), ("Literal['b'] | None", True), ("no type at all", True)],
)
def test_how_a_type_is_written_is_no_difference(older, differs):
    def base(annotation):
        return library((description(parameters=(parameter("image", annotation=annotation),)),))

    found = frozen.compare("toy", base(older), base('Literal["a"] | None'))
    assert [difference.aspect for difference in found] == ["types"] * differs


def test_a_wrapped_name_that_is_left_out_is_told():
    excluded = PublicName(
        name="toy.filters.blur", kind="function", exclusion=Exclusion(reason="display")
    )
    (difference,) = frozen.compare("toy", BASE, library(described=(), names=(excluded,)))
    assert (difference.name, difference.aspect) == ("toy.filters.blur", "exclusion")
    assert (difference.before, difference.after) == ("wrapped", "excluded: display")


@pytest.mark.parametrize(
    "source",
    [
        "(image)",
        "(image, sigma=1.0)",
        "(image, /, sigma=1.0)",
        "(image, sigma=1.0, /)",
        "(image, *, mode='nearest')",
        "(image, /, *, mode='nearest')",
        "(*images, mode='nearest')",
        "(image, *more, mode='nearest', **options)",
        "(**options)",
        "()",
    ],
)
def test_signatures_read_like_python(source):
    import inspect

    parameters = tuple(
        parameter(
            found.name,
            found.kind.name,
            None if found.default is found.empty else repr(found.default),
        )
        for found in inspect.signature(eval(f"lambda {source[1:-1]}: 0")).parameters.values()
    )
    entry = library().functions["toy.filters.blur"]
    assert frozen.signature(replace(entry, parameters=parameters)) == source


# --- any manifest ----------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@hypothesis.given(
    reasons=st.dictionaries(texts, texts, max_size=5),
    limits=st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 2),
)
def test_any_text_and_number_survives(reasons, limits):
    entry = library(
        judged={
            "toy.filters.blur": replace(
                verdict(), dtypes={"uint8": DtypeFact(dtype="float64", range=limits)}
            )
        }
    )
    excluded = {name: Exclusion(reason=reason) for name, reason in reasons.items()}
    given = Manifest(libraries={"toy": replace(entry, excluded=excluded)})
    text = frozen.encode(given)
    assert replace(msgspec.json.decode(text, type=Manifest), digest="") == given
