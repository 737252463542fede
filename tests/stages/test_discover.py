"""Discovery: every public name is accounted for, from source and from the live module."""

from __future__ import annotations

import ast
import inspect
import math
import sys
import textwrap
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace
from skimage import measure

from voxbind_build import libraries
from voxbind_build.common import signatures
from voxbind_build.discover import LibraryNotFound, discover
from voxbind_build.discover.assemble import assemble
from voxbind_build.discover.constants import NotConstant, canonical, evaluate
from voxbind_build.discover.locate import locate
from voxbind_build.discover.resolve import Resolver
from voxbind_build.libraries import import_dotted
from voxbind_build.model import Declaration, Exclusion, Inventory, LibrarySpec, PublicName

GOLDEN = Path(__file__).parents[1] / "golden"
INSTALLED = ("pyclesperanto", "scipy", "skimage")


@cache
def inventory(name: str) -> Inventory:
    if name == "toylib":
        return discover(libraries.load(GOLDEN / "toylib.toml"), [GOLDEN])
    return discover(libraries.load(name))


def by_name(found: Inventory) -> dict[str, PublicName]:
    return {name.name: name for name in found.names}


def write_package(folder: Path, **modules: str) -> LibrarySpec:
    """Write a package `pkg`; ``a_b`` is written as the module ``pkg.a.b``."""
    for name, source in {"__init__": "", **modules}.items():
        path = folder / "pkg" / (name.replace("_stub", "") + (".pyi" if "_stub" in name else ".py"))
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(source), encoding="utf-8")
    return LibrarySpec(name="pkg", distribution="pkg", extra="pkg", modules=("pkg",))


def functions(found: Inventory) -> list[str]:
    return [n.attribute for n in found.names if n.kind == "function" and n.exclusion is None]


# --- real libraries ----------------------------------------------------------------------


@pytest.mark.parametrize("library", INSTALLED)
def test_every_public_object_of_the_imported_modules_is_accounted_for(library: str) -> None:
    found = by_name(inventory(library))
    for module_name in inventory(library).spec.modules:
        module = import_dotted(module_name)
        for attribute in {*module.__all__, *(n for n in dir(module) if not n.startswith("_"))}:
            value = getattr(module, attribute)
            name = found[f"{module_name}.{attribute}"]
            if inspect.ismodule(value):
                assert (name.kind, name.exclusion is None) == ("module", False)
            elif inspect.isclass(value):
                assert name.kind == "class"
            elif inspect.isroutine(value):
                assert name.kind == "function"
                assert name.definition is not None
            assert (
                attribute not in module.__all__
                or name.exclusion is None
                or (name.exclusion.reason in ("display", "experimental", "module", "test-runner"))
            )


def test_what_a_star_import_of_pyclesperanto_brings_is_all_there() -> None:
    namespace: dict[str, object] = {}
    exec("from pyclesperanto import *", namespace)
    shown = {name for name, value in namespace.items() if inspect.isfunction(value)}
    excluded = {name.rpartition(".")[2] for name in inventory("pyclesperanto").spec.exclude}
    found = [name for name in inventory("pyclesperanto").names if name.exclusion is None]
    functions = {
        n.attribute: n for n in found if (n.kind, n.module) == ("function", "pyclesperanto")
    }
    assert len(shown) > 400
    assert functions.keys() == (shown - excluded) | {"label"}  # which `__all__` forgets
    live = import_module("pyclesperanto")
    for attribute, name in functions.items():
        assert name.definition is not None
        code = inspect.unwrap(getattr(live, attribute)).__code__
        home = name.definition.module.replace(".", "/")
        assert code.co_filename.endswith(f"{home}.py"), attribute


@pytest.mark.parametrize("library", INSTALLED)
def test_signatures_from_source_are_those_of_the_live_functions(library: str) -> None:
    checked = 0
    for name in inventory(library).names:
        if name.definition is None or name.definition.origin == "live":
            continue
        if name.exclusion is not None:
            continue
        live = inspect.signature(getattr(import_dotted(name.module), name.attribute)).parameters
        ours = name.definition.parameters
        assert [(p.name, p.kind) for p in ours] == [(p.name, p.kind.name) for p in live.values()]
        for parameter, theirs in zip(ours, live.values(), strict=True):
            assert (parameter.default is None) == (theirs.default is inspect.Parameter.empty)
            if parameter.default is not None and parameter.default_is_literal:
                assert repr(eval(parameter.default)) == repr(theirs.default)
                checked += 1
    assert checked > 100


@pytest.mark.parametrize("library", [*INSTALLED, "toylib"])
def test_source_and_live_module_agree(library: str) -> None:
    assert inventory(library).live
    assert inventory(library).differences == ()


@pytest.mark.parametrize("library", [*INSTALLED, "toylib"])
def test_names_are_sorted_and_each_stands_once_with_what_its_kind_needs(library: str) -> None:
    names = inventory(library).names
    assert [name.name for name in names] == sorted({name.name for name in names})
    for name in names:
        assert name.exclusion is not None or name.kind != "module"
        assert (name.definition is not None) == (name.kind == "function")


@pytest.mark.parametrize("library", [*INSTALLED, "toylib"])
def test_reading_alone_finds_the_functions_that_importing_shows(library: str) -> None:
    with_import = inventory(library)
    search_path = [GOLDEN] if library == "toylib" else None
    resolver = Resolver(locate(with_import.spec, search_path))
    assembled = assemble(with_import.spec, resolver, "not tried")
    names, differences, is_live = assembled[:3]
    assert not assembled.absent
    assert not assembled.not_importable
    read = {name.name: name for name in names}
    assert not is_live
    assert "not tried" in "".join(differences)
    for name in with_import.names:
        if name.definition is None or name.definition.origin == "live":
            continue
        assert read[name.name].exclusion == name.exclusion
        definition = read[name.name].definition
        assert definition is not None
        # What is left out isn't compared.
        assert name.exclusion is not None or definition.parameters == name.definition.parameters


def test_discovering_imports_nothing_into_this_process() -> None:
    inventory("toylib")
    assert "toylib" not in sys.modules


def test_discovering_twice_gives_the_same() -> None:
    assert inventory("toylib") == inventory.__wrapped__("toylib")


@pytest.mark.parametrize(
    ("library", "name", "kind", "reason", "home"),
    [
        ("skimage", "skimage.filters.gaussian", "function", None, "skimage._shared.filters"),
        ("skimage", "skimage.measure.label", "function", None, "skimage.measure._label"),
        ("skimage", "skimage.morphology.label", "function", None, "skimage.measure._label"),
        ("skimage", "skimage.color.luv2rgb", "function", None, "skimage.color.colorconv"),
        ("skimage", "skimage.morphology.binary_erosion", "function", None, None),
        ("skimage", "skimage.feature.Cascade", "class", None, None),
        ("skimage", "skimage.color.hed_from_rgb", "constant", None, None),
        ("skimage", "skimage.util.np", "module", "foreign", None),
        ("skimage", "skimage.util.warnings", "module", "foreign", None),
        ("skimage", "skimage.filters.rank", "module", "module", None),
        ("skimage", "skimage.filters.edges", "module", "module", None),
        ("skimage", "skimage.filters.try_all_threshold", "function", "display", None),
        ("skimage", "skimage.morphology.cube", "function", None, None),
        ("pyclesperanto", "pyclesperanto.sobel", "function", None, "pyclesperanto._tier1"),
        (
            "pyclesperanto",
            "pyclesperanto.affine_transform",
            "function",
            None,
            "pyclesperanto._interroperability",
        ),
        (
            "pyclesperanto",
            "pyclesperanto.transform.affine_transform",
            "function",
            None,
            "pyclesperanto._transform",
        ),
        ("pyclesperanto", "pyclesperanto.fft.ifft", "function", None, "pyclesperanto._fft"),
        ("pyclesperanto", "pyclesperanto.fft.plugin_function", "function", "internal", None),
        ("pyclesperanto", "pyclesperanto.fft", "module", "module", None),
        ("pyclesperanto", "pyclesperanto.Image", "constant", None, None),
        ("pyclesperanto", "pyclesperanto.Optional", "constant", "foreign", None),
        ("pyclesperanto", "pyclesperanto.Device", "class", None, None),
        ("pyclesperanto", "pyclesperanto.imshow", "function", "display", None),
        ("scipy", "scipy.ndimage.gaussian_filter", "function", None, "scipy.ndimage._filters"),
        ("scipy", "scipy.ndimage.label", "function", None, "scipy.ndimage._measurements"),
        ("scipy", "scipy.ndimage.filters", "module", "module", None),
        ("scipy", "scipy.ndimage.test", "function", "test-runner", None),
        ("toylib", "toylib.volume.project", "function", None, "toylib.volume._depth"),
        ("toylib", "toylib.filters.boxcar", "function", None, "toylib.filters._smooth"),
        ("toylib", "toylib.morphology.grow", "function", None, "toylib.morphology"),
        ("toylib", "toylib.measure.Region", "class", None, None),
        ("toylib", "toylib.measure.CONNECTIVITY", "constant", None, None),
        ("toylib", "toylib.measure.show_image", "function", "display", None),
        ("toylib", "toylib.morphology.functools", "module", "foreign", None),
    ],
)
def test_names_are_what_they_are(
    library: str, name: str, kind: str, reason: str | None, home: str | None
) -> None:
    found = by_name(inventory(library))[name]
    assert found.kind == kind
    assert (found.exclusion.reason if found.exclusion else None) == reason
    assert home is None or (found.definition is not None and found.definition.module == home)


@pytest.mark.parametrize(
    ("library", "function", "parameter", "default", "is_literal"),
    [
        ("skimage", "skimage.filters.frangi", "sigmas", "range(1, 10, 2)", True),
        ("skimage", "skimage.feature.peak_local_max", "num_peaks", 'float("inf")', True),
        ("skimage", "skimage.util.regular_seeds", "dtype", "int", True),
        ("skimage", "skimage.color.xyz_tristimulus_values", "dtype", "float", True),
        ("skimage", "skimage.morphology.disk", "dtype", "numpy.uint8", False),
        ("skimage", "skimage.measure.block_reduce", "func", "numpy.sum", False),
        (
            "skimage",
            "skimage.morphology.remove_small_objects",
            "min_size",
            "skimage._shared.utils.DEPRECATED",
            False,
        ),
        (
            "skimage",
            "skimage.segmentation.morphological_chan_vese",
            "iter_callback",
            "<lambda>",
            False,
        ),
        ("scipy", "scipy.ndimage.vectorized_filter", "batch_memory", "1073741824", True),
        ("toylib", "toylib.odd.rescale", "low", "toylib.odd.MISSING", False),
        ("toylib", "toylib.odd.rescale", "noise", "0.5", True),
        ("toylib", "toylib.odd.combine", "counts", "range(1, 10, 2)", True),
        ("toylib", "toylib.odd.combine", "weights", "(1, -2.5, 1j)", True),
        ("toylib", "toylib.odd.apply", "extra", 'float("nan")', True),
        ("toylib", "toylib.odd.apply", "function", None, True),
    ],
)
def test_defaults_are_literals_or_dotted_paths(
    library: str, function: str, parameter: str, default: str | None, is_literal: bool
) -> None:
    definition = by_name(inventory(library))[function].definition
    assert definition is not None
    (found,) = (each for each in definition.parameters if each.name == parameter)
    assert (found.default, found.default_is_literal) == (default, is_literal)


def test_docstrings_come_filled_from_the_live_object() -> None:
    for name in inventory("scipy").names:
        if name.definition is not None:
            assert "%(" not in name.definition.docstring
            assert name.definition.docstring == inspect.cleandoc(name.definition.docstring)


FILLED = [
    ("@filldoc(TEXTS)", "A b\nover lines.\n%(other)s"),
    ("@filldoc(texts={'x': 'B'})", "A B\n%(other)s"),
    ("@made", "A b\nover lines.\n%(other)s"),
    ("@_texts.docfiller", "A c\n%(other)s"),
    ("@unknown", "A %(x)s\n%(other)s"),
]


@pytest.mark.parametrize(("decorator", "expected"), FILLED)
def test_marks_are_filled_in_from_the_source_where_nothing_can_be_imported(
    tmp_path: Path, decorator: str, expected: str
) -> None:
    source = f"""
        import nowhere
        from . import _texts
        from nowhere import filldoc, unknown
        TEXTS = {{"x": "b\\nover lines."}}
        made = filldoc(TEXTS)
        {decorator}
        def f(a):
            '''A %(x)s
            %(other)s'''
    """
    texts = """
        import nowhere
        _plain = "b"
        docfiller: object = nowhere.filldoc({"x": _plain.replace("b", "c")})
    """
    spec = write_package(tmp_path, __init__=source, _texts=texts)
    found = by_name(discover(spec, [tmp_path]))["pkg.f"]
    assert found.definition is not None
    assert found.definition.docstring == expected


def test_the_version_comes_from_the_distribution_or_else_from_the_source() -> None:
    assert inventory("skimage").version == import_module("skimage").__version__
    assert inventory("toylib").version == "1.0"


# --- forms of `__all__` and of binding ---------------------------------------------------


@pytest.mark.parametrize(
    ("modules", "expected"),
    [
        pytest.param({"__init__": "def f(): ..."}, ["f"], id="no __all__"),
        pytest.param({"__init__": "__all__ = []\ndef f(): ..."}, ["f"], id="outside of __all__"),
        pytest.param({"__init__": "from .a import *", "a": "def f(): ..."}, ["f"], id="star"),
        pytest.param(
            {"__init__": "from .a import *", "a": "__all__ = ['f']\ndef f(): ...\ndef g(): ..."},
            ["f"],
            id="star of __all__",
        ),
        pytest.param(
            {
                "__init__": "from .a import *\nfrom .a import __all__",
                "a": "from . import b\nfrom .b import *\n__all__ = b.__all__ + ['g']\ndef g(): ...",
                "b": "__all__ = ['_f']\ndef _f(): ...",
            },
            ["_f", "g"],
            id="__all__ of another module",
        ),
        pytest.param(
            {
                "__init__": "from .a import *",
                "a": "from .b import *\n__all__ = [s for s in dir() if not s.startswith('_')]",
                "b": "def f(): ...\ndef _g(): ...",
            },
            ["f"],
            id="__all__ from dir()",
        ),
        pytest.param(
            {
                "__init__": "from .a import *",
                "a": """
                    __all__ = ['f']
                    __all__ += ['g', 'gone']
                    __all__.extend(('h',))
                    __all__.append('i')
                    __all__.remove('gone')
                    def f(): ...
                    g = h = i = f
                    def gone(): ...
                """,
            },
            ["f", "g", "h", "i"],
            id="__all__ changed in place",
        ),
        pytest.param(
            {
                "__init__": "from .a import *",
                "a": """
                    _a = ('f',)
                    _b: list[str] = ['g']
                    __all__ = sorted([*_a, *_b])
                    def f(): ...
                    def g(): ...
                    def h(): ...
                """,
            },
            ["f", "g"],
            id="__all__ from constants",
        ),
        pytest.param(
            {"__init__": "from .a import f as g\nfrom .a import _f", "a": "def f(): ...\n_f = f"},
            ["g"],
            id="renamed import",
        ),
        pytest.param(
            {
                "__init__": """
                    import importlib
                    def __getattr__(name):
                        if name == 'f':
                            return importlib.import_module('pkg.a').f
                        raise AttributeError(name)
                    def __dir__():
                        return ['f']
                """,
                "__init___stub": "from .a import f",
                "a": "def f(): ...",
            },
            ["f"],
            id="lazy stub",
        ),
        pytest.param(
            {
                "__init__": """
                    import lazy_loader as lazy
                    __getattr__, __dir__, __all__ = lazy.attach(
                        __name__, submodules={'b'}, submod_attrs={'a': ['f', 'g']}
                    )
                """,
                "a": "def f(): ...\ndef g(): ...",
                "b": "",
            },
            ["f", "g"],
            id="lazy attach",
        ),
        pytest.param(
            {
                "__init__": """
                    from typing import TYPE_CHECKING
                    if TYPE_CHECKING:
                        from .a import f
                    def g(): ...
                """,
                "a": "def f(): ...",
            },
            ["g"],
            id="for type checkers",
        ),
        pytest.param(
            {
                "__init__": """
                    try:
                        from ._fast import f
                    except ImportError:
                        from .a import f
                    if len('a') == 1:
                        def g(): ...
                    else:
                        g = None
                    with open(__file__) as handle:
                        def h(): ...
                    def i(): ...
                    del i
                """,
                "a": "def f(): ...",
            },
            ["f", "g", "h"],
            id="conditions",
        ),
        pytest.param(
            {"__init__": "from os.path import join\nfrom functools import wraps\ndef f(): ..."},
            ["f"],
            id="foreign functions",
        ),
        pytest.param(
            {
                "__init__": "from .a import *\nfrom .b import *",
                "a": "def f(a): ...\ndef g(): ...",
                "b": "def f(b): ...",
            },
            ["f", "g"],
            id="overridden by a later star",
        ),
        pytest.param(
            {
                "__init__": "from typing import Union, TypeVar\nImage = Union[int, str]\n"
                "Other = int | str\nT = TypeVar('T')\nItems = list[int]\ndef f(): ...",
            },
            ["f"],
            id="types that are no classes",
        ),
        pytest.param(
            {
                "__init__": "from .a import f",
                "a": "from .b import *\ndef f(): ...",
                "b": "from .a import *",
            },
            ["f"],
            id="circular stars",
        ),
    ],
)
def test_public_functions_are_found(
    tmp_path: Path, modules: dict[str, str], expected: list[str]
) -> None:
    spec = write_package(tmp_path, **modules)
    found = discover(spec, [tmp_path])
    assert functions(found) == expected
    unexpected = [text for text in found.differences if "is defined as" not in text]
    assert (found.live, unexpected) == (True, [])


def test_submodules_are_listed_whether_or_not_they_were_imported(tmp_path: Path) -> None:
    spec = write_package(tmp_path, a="", b="", _c="")
    reasons = {n.attribute: n.exclusion for n in discover(spec, [tmp_path]).names}
    assert [(name, reason and reason.reason) for name, reason in reasons.items()] == [
        ("a", "module"),
        ("b", "module"),
    ]


def test_specified_exclusions_give_their_reason_and_unused_ones_are_misfits(
    tmp_path: Path,
) -> None:
    spec = write_package(tmp_path, __init__="def show_a(): ...\ndef f(): ...")
    display = Exclusion(reason="display", detail="Opens a window.")
    excluded = {"pkg.show_*": display, "pkg.gone": Exclusion(reason="file-io")}
    spec = LibrarySpec(
        name="pkg", distribution="pkg", extra="pkg", modules=("pkg",), exclude=excluded
    )
    found = discover(spec, [tmp_path])
    assert by_name(found)["pkg.show_a"].exclusion == display
    assert functions(found) == ["f"]
    assert found.differences == ()
    assert [problem.place for problem in libraries.misfits(found)] == [("exclude", "pkg.gone")]


def attributes(found: Inventory, module: str) -> dict[str, str | None]:
    """Give the reason for which each name of a module is left out, None for the others."""
    names = [name for name in found.names if name.module == module]
    return {name.attribute: name.exclusion.reason if name.exclusion else None for name in names}


def test_a_module_may_be_an_attribute_of_its_parent_by_another_name(tmp_path: Path) -> None:
    spec = write_package(
        tmp_path,
        __init__="from . import _a as nice, b",
        _a="from ._c import helper\n__all__ = ['f']\ndef f(x): ...\ndef g(): ...",
        _c="def helper(): ...",
        b="from . import _c as inner",
    )
    spec = replace(spec, modules=("pkg", "pkg.nice", "pkg.b.inner"))
    for found in (discover(spec, [tmp_path]), read_only(spec, tmp_path)):
        # `helper` is there for the module's own use, and `g` is its own.
        assert attributes(found, "pkg.nice") == {"f": None, "g": None, "helper": "internal"}
        assert attributes(found, "pkg.b.inner") == {"helper": None}
        names = by_name(found)
        definition = names["pkg.nice.f"].definition
        assert definition is not None
        assert definition.module == "pkg._a"
        nice, b = names["pkg.nice"].exclusion, names["pkg.b"].exclusion
        assert nice is not None
        assert nice == b
        assert "wrapped as a module" in nice.detail
    found = discover(spec, [tmp_path])
    assert (found.live, found.differences) == (True, ())


def read_only(spec: LibrarySpec, folder: Path) -> Inventory:
    assembled = assemble(spec, Resolver(locate(spec, [folder])), "not tried")
    return Inventory(spec=spec, version="", **assembled._asdict())


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        pytest.param("from .a import f, g\n__all__ = ['f']", {"f": None, "g": None}, id="package"),
        pytest.param("from .a import *\n__all__ = ['f']", {"f": None, "g": None}, id="star"),
    ],
)
def test_what_a_package_hands_on_is_public_though_its_all_forgets_it(
    tmp_path: Path, init: str, expected: dict[str, str | None]
) -> None:
    spec = write_package(tmp_path, __init__=init, a="def f(): ...\ndef g(): ...")
    found = attributes(discover(spec, [tmp_path]), "pkg")
    assert found == {**expected, "a": "module"}


@pytest.mark.parametrize(
    ("extension", "reason"),
    [("__all__.append('h')", "internal"), ("for _n in (1,): __all__ += [str(_n)]", None)],
)
def test_reading_leaves_nothing_out_by_an_all_that_it_cant_read_whole(
    tmp_path: Path, extension: str, reason: str | None
) -> None:
    source = f"from ._b import g\n__all__ = ['f']\n{extension}\ndef f(): ...\ndef h(): ..."
    spec = write_package(tmp_path, a=source, _b="def g(): ...")
    found = read_only(replace(spec, modules=("pkg.a",)), tmp_path)
    assert attributes(found, "pkg.a") == {"f": None, "g": reason, "h": None}


def test_entries_of_the_specification_that_change_nothing_are_misfits(tmp_path: Path) -> None:
    write_package(tmp_path, __init__="def f(image): ...\ndef show_a(): ...\nclass C: ...")
    declaration = Declaration(contract="PURE_2D", reason="Told so.")
    names = ("pkg.f", "pkg.C", "pkg.gone", "pkg.show_a")
    spec = LibrarySpec(
        name="pkg",
        distribution="pkg",
        extra="pkg",
        modules=("pkg",),
        exclude={"pkg.show_*": Exclusion(reason="display")},
        declare=dict.fromkeys(names, declaration),
        roles={"pkg.f": {"image": "mask", "imge": "mask"}},
    )
    found = discover(spec, [tmp_path])
    assert found.differences == ()
    assert [problem.line("pkg.toml") for problem in libraries.misfits(found)] == [
        'pkg.toml: at declare."pkg.C": it is a class, but this table is for functions; remove it',
        'pkg.toml: at declare."pkg.gone": pkg unknown has no such name; correct it, or remove the '
        "entry",
        'pkg.toml: at declare."pkg.show_a": it is excluded (display), so this entry has no '
        "effect; remove the entry or the exclusion",
        "pkg.toml: at roles.\"pkg.f\".imge: the function has no parameter 'imge'; "
        "do you mean 'image'?",
    ]


# --- libraries that can't be imported, or say one thing and do another -------------------


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import libthatisnotthere", "ModuleNotFoundError: No module named 'libthatisnotthere'"),
        ("raise ImportError('/opt/some/lib/libcuda.so.1: cannot open')", "libcuda.so.1: cannot"),
        ("import os; os._exit(7)", "exit code 7"),
        ("import os; os.abort()", "SIGABRT"),
        ("import sys; print('noise'); sys.stdout.flush(); 1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_library_that_cant_be_imported_is_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], statement: str, words: str
) -> None:
    spec = write_package(tmp_path, __init__=f"{statement}\ndef f(a, b=1): ...\n__version__ = '2'")
    found = discover(spec, [tmp_path])
    assert not found.live
    assert functions(found) == ["f"]
    assert found.version == "2"
    (difference,) = found.differences
    assert words in difference
    assert "/opt" not in difference
    assert capfd.readouterr() == ("", "")


def test_a_library_that_warns_and_leaves_most_out_is_read_and_not_taken_as_it_is(
    tmp_path: Path,
) -> None:
    source = """
        import warnings
        DEVICES = []
        if not DEVICES:
            warnings.warn("No device found in /opt/drivers/x.\\nInstall one.", RuntimeWarning)
        if DEVICES:
            from .a import *
        def list_devices(): ...
    """
    spec = write_package(tmp_path, __init__=source, a="def f(): ...\ndef g(): ...")
    found = discover(spec, [tmp_path])
    assert functions(found) == ["f", "g", "list_devices"]
    assert not found.live
    assert found.differences == (
        "pkg was only read, not imported: 2 of its 3 functions are missing "
        "(RuntimeWarning: No device found in x.)",
    )


def test_a_warning_at_import_alone_is_nothing(tmp_path: Path) -> None:
    source = "import warnings\nwarnings.warn('Slow today.', RuntimeWarning)\ndef f(): ..."
    found = discover(write_package(tmp_path, __init__=source), [tmp_path])
    assert (found.live, functions(found), found.differences) == (True, ["f"], ())


@pytest.mark.parametrize(
    ("decorator", "differs"),
    [
        ("@wraps(f)\n    def g(*a): ...\n    g.__module__ = 'pkg'\n    return g", False),
        ("@wraps(f)\n    def g(*a): ...\n    g.__qualname__ = 'x'\n    return g", False),
        ("def g(a): ...\n    g.__module__ = 'pkg'\n    return g", True),
    ],
)
def test_a_function_is_where_its_code_is_whatever_its_decorator_calls_it(
    tmp_path: Path, decorator: str, differs: bool
) -> None:
    source = f"from functools import wraps\ndef deco(f):\n    {decorator}\n@deco\ndef f(a): ..."
    spec = write_package(tmp_path, __init__="from .a import f", a=source)
    found = discover(spec, [tmp_path])
    assert functions(found) == ["f"]
    assert ["is defined as pkg.a.f in the source" in text for text in found.differences] == (
        [True] * differs
    )


def test_a_library_that_prints_and_starts_threads_at_import_is_discovered(tmp_path: Path) -> None:
    spec = write_package(
        tmp_path,
        __init__="""
            import os, sys, threading, time
            print("hello"); os.write(1, b"raw"); sys.stderr.write("oops")
            threading.Thread(target=time.sleep, args=(60,)).start()
            def f(): ...
        """,
    )
    found = discover(spec, [tmp_path])
    assert (found.live, functions(found), found.differences) == (True, ["f"], ())


def test_half_a_surrogate_pair_in_a_docstring_stops_nothing(tmp_path: Path) -> None:
    spec = write_package(tmp_path, __init__='def f(x="\\ud800"):\n    "Blur \\ud800 it."\n')
    found = discover(spec, [tmp_path])
    assert found.live
    (name,) = (each for each in found.names if each.name == "pkg.f")
    assert name.definition is not None
    assert name.definition.docstring == "Blur \N{REPLACEMENT CHARACTER} it."
    assert name.definition.parameters[0].default == r"'\ud800'"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "def deco(f):\n    return lambda *args: f(*args)\n@deco\ndef f(a, b=1): ...",
            "f takes (a, b=...) in the source, but (*args) when imported",
        ),
        (
            "def f(a=1): ...\nf.__defaults__ = (2,)",
            "f: a is 1 by default in the source, but 2 when imported",
        ),
        ("def f(): ...\nglobals()['g'] = f", "g is a function when imported and nothing in"),
        ("def f(): ...\nglobals().pop('f')", "f is in the source but not in the imported module"),
        ("def f(): ...\nglobals()['f'] = 3", "f is a constant when imported and a function in"),
        ("__all__ = ['f', 'g']\ndef f(): ...", "g is in the source but not in the imported"),
    ],
)
def test_what_the_import_changes_is_reported(tmp_path: Path, source: str, words: str) -> None:
    found = discover(write_package(tmp_path, __init__=source), [tmp_path])
    assert found.live
    assert words in "\n".join(found.differences)


@pytest.mark.parametrize(
    ("source", "signature"),
    [
        pytest.param("def f(a=1): ...\nf.__defaults__ = (2,)", [("a", "2")], id="default"),
        pytest.param(
            "def deco(f):\n    return lambda b, a=1: f(a, b)\n@deco\ndef f(a, b=1): ...",
            [("b", None), ("a", "1")],
            id="other parameters",
        ),
        pytest.param(
            "def deco(f):\n    return lambda *a, **k: f(*a, **k)\n@deco\ndef f(a, b=1): ...",
            [("a", None), ("b", "1")],
            id="no parameters",
        ),
        pytest.param(
            "_B = [1]\n_C = 2\ndef f(b=_B, c=_C, d={}): ...",
            [("b", "pkg._B"), ("c", "2"), ("d", "{}")],
            id="named list",
        ),
    ],
)
def test_the_signature_is_what_a_caller_meets(
    tmp_path: Path, source: str, signature: list[tuple[str, str | None]]
) -> None:
    found = by_name(discover(write_package(tmp_path, __init__=source), [tmp_path]))
    definition = found["pkg.f"].definition
    assert definition is not None
    assert [(each.name, each.default) for each in definition.parameters] == signature


def test_compiled_functions_are_described_by_their_live_signature() -> None:
    spec = LibrarySpec(
        name="x", distribution="scikit-image", extra="x", modules=("skimage.measure._moments_cy",)
    )
    found = by_name(discover(spec))
    definitions = [name.definition for name in found.values() if name.kind == "function"]
    assert definitions
    for definition in definitions:
        assert definition is not None
        assert definition.origin == "live"
        assert len(definition.fingerprint) == 64
    excluded = found["skimage.measure._moments_cy.np"].exclusion
    assert excluded is not None
    assert excluded.reason == "foreign"


def test_a_function_that_only_the_import_makes_is_not_lost(tmp_path: Path) -> None:
    source = "def _make():\n    def g(a, *, b=2): 'Do.'\n    return g\nglobals()['f'] = _make()"
    found = discover(write_package(tmp_path, __init__=source), [tmp_path])
    definition = by_name(found)["pkg.f"].definition
    assert definition is not None
    assert [(p.name, p.kind, p.default) for p in definition.parameters] == [
        ("a", "POSITIONAL_OR_KEYWORD", None),
        ("b", "KEYWORD_ONLY", "2"),
    ]
    assert (definition.origin, definition.docstring) == ("live", "Do.")


def test_a_module_that_cant_be_parsed_is_taken_from_the_live_one(tmp_path: Path) -> None:
    spec = write_package(tmp_path, __init__="try:\n    from .a import f\nexcept SyntaxError: ...")
    (tmp_path / "pkg" / "a.py").write_text("def f(:", encoding="utf-8")
    found = discover(spec, [tmp_path])
    assert "pkg.a: its source can't be parsed" in found.differences
    assert by_name(found)["pkg.f"].exclusion is not None


def test_a_listed_module_that_doesnt_exist_is_reported(tmp_path: Path) -> None:
    write_package(tmp_path, __init__="def f(): ...")
    spec = LibrarySpec(name="pkg", distribution="pkg", extra="pkg", modules=("pkg", "pkg.gone"))
    found = discover(spec, [tmp_path])
    assert functions(found) == ["f"]
    assert (found.absent, found.differences, found.live) == (("pkg.gone",), (), True)


@pytest.mark.parametrize("broken", ["import libthatisnotthere", "raise ImportError('no driver')"])
def test_a_module_that_cant_be_imported_is_not_absent(tmp_path: Path, broken: str) -> None:
    """Nobody knows whether a library that fails would show the module."""
    write_package(tmp_path, __init__=f"def f(): ...\n{broken}")
    spec = LibrarySpec(name="pkg", modules=("pkg", "pkg.gone"))
    found = discover(spec, [tmp_path])
    assert (found.absent, found.live) == ((), False)


def test_a_library_that_is_nowhere_says_how_to_install_it(tmp_path: Path) -> None:
    spec = libraries.load("skimage")
    with pytest.raises(LibraryNotFound, match="pip install scikit-image"):
        discover(spec, [tmp_path])
    absent = LibrarySpec(name="a", distribution="a-b", extra="a", modules=("libthatisnotthere.x",))
    with pytest.raises(ImportError, match="pip install a-b"):
        discover(absent)


# --- constant expressions ----------------------------------------------------------------

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.complex_numbers(allow_nan=False, allow_infinity=False),
    st.text(),
    st.binary(),
    st.sampled_from([int, float, str, range(3), range(1, 10, 2), ...]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.dictionaries(st.text(), inner),
        st.frozensets(st.integers()),
    ),
    max_leaves=12,
)


def unbound(node: ast.expr) -> object:
    from voxbind_build.discover.constants import Unbound

    raise Unbound(ast.unparse(node))


@given(values)
def test_a_values_text_evaluates_to_the_value(value: object) -> None:
    text = canonical(value)
    assert eval(text) == value
    assert "\n" not in text
    assert canonical(eval(text)) == text


@given(values)
@example(-0j)
def test_evaluating_a_values_text_gives_the_value_without_running_it(value: object) -> None:
    text = canonical(value)
    assert canonical(evaluate(ast.parse(text, mode="eval").body, unbound)) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("-float('inf')", -math.inf),
        ("2**10 - 1", 1023),
        ("[c + 'x' for c in ('a', 'b') if c != 'b']", ["ax"]),
        ("sorted({'b', 'a'})", ["a", "b"]),
        ("[*range(3), 7]", [0, 1, 2, 7]),
        ("not True or 1 in (1, 2)", True),
        # Parts of documentation are put together in this way.
        ("'aXb'.replace('X', '" + "y" * 20_000 + "')", "a" + "y" * 20_000 + "b"),
    ],
)
def test_constant_expressions_have_a_value(text: str, value: object) -> None:
    assert evaluate(ast.parse(text, mode="eval").body, unbound) == value


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('false')",
        "open('x')",
        "().__class__",
        "(lambda: 1)()",
        "9**9**9",
        "'a' * 10**9",
        "list(range(10**12))",
        "[i for i in range(10**12)]",
        "bytes(10**12)",
        "[*range(10**10)]",
        "(*range(9999), *range(9999))",
        "'aaaaaaaaaa'" + ".replace('a', 'aaaaaaaaaa')" * 12,
        "'a'.replace('', 'aaaaaaaaaa')" + ".replace('', 'aaaaaaaaaa')" * 12,
        "[[0 for j in range(9999)] for i in range(9999)]",
        " * ".join(["10**60"] * 90),
        " + ".join(["[" + "0, " * 900 + "]"] * 20),
        " + ".join(["'" + "a" * 60_000 + "'"] * 20),
        "1 / 0",
        "int('x')",
        "unknown",
        "f'{1}'",
    ],
)
def test_other_expressions_are_refused_and_not_run(text: str) -> None:
    with pytest.raises(NotConstant):
        evaluate(ast.parse(text, mode="eval").body, unbound)


@pytest.mark.parametrize("value", [object(), math.sin, int.__add__, Path(), (1, object())])
def test_values_without_literal_form_have_no_text(value: object) -> None:
    with pytest.raises(NotConstant):
        canonical(value)


# --- members of classes ------------------------------------------------------------------

CLASSES = """
    import abc
    import functools
    from .base import Base
    from . import base

    class _Missing:
        pass

    MISSING = _Missing()

    def deprecated(text):
        return lambda function: function

    class Transform(Base):
        __doc__ = "Moves points."
        scaling = "rms"
        offset: float
        _hidden = 1

        def __init__(self, matrix=None, *, scale=1.0, empty=MISSING):
            self.matrix = matrix

        def __call__(self, points, /, key=lambda point: point):
            return points

        def __len__(self):
            return 0

        def apply(self, points, *more, **options):
            return points

        apply_to = apply

        @classmethod
        def identity(cls, ndim=2):
            return cls()

        @staticmethod
        def count(points):
            return len(points)

        @property
        def inverse(self):
            return self

        @inverse.setter
        def inverse(self, value):
            pass

        @functools.cached_property
        def norm(self):
            return 1

        @deprecated("use `apply`")
        def move(self, points):
            return points

        @property
        @deprecated("use `matrix`")
        def params(self):
            return self.matrix

        def _private(self):
            pass

    class Both(base.Left, base.Right):
        pass

    class Plain:
        pass

    class Shown:
        def __init__(self, *args):
            pass

    def signed(cls):
        import inspect
        given = [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY) for n in ("a", "b")]
        cls.__signature__ = inspect.Signature(given)
        return cls

    Shown = signed(Shown)

    @signed
    class Signed:
        def other(self):
            pass

    class Failed(ValueError):
        def tell(self):
            pass
"""
BASES = """
    class Root:
        def first(self, root):
            pass

        def second(self, root):
            pass

        def third(self, root):
            pass

    class Base(Root):
        def inherited(self, a, b=2):
            pass

        def move(self):
            pass

    class Left(Root):
        def first(self, left):
            pass

    class Right(Root):
        def first(self, right):
            pass

        def second(self, right):
            pass
"""
TRANSFORM = {
    "__call__": "(points, /, key=...)",
    "__init__": "(matrix=None, *, scale=1.0, empty=pkg.MISSING)",
    "apply": "(points, *more, **options)",
    "apply_to": "(points, *more, **options)",
    "count": "staticmethod (points)",
    "first": "(root)",
    "identity": "classmethod (ndim=2)",
    "inherited": "(a, b=2)",
    "inverse": "property",
    "move": "deprecated (points)",
    "norm": "property",
    "params": "deprecated property",
    "scaling": "attribute",
    "second": "(root)",
    "third": "(root)",
}


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Transform", TRANSFORM),
        # The order in which Python looks: the root comes after all that derive from it.
        ("Both", {"first": "(left)", "second": "(right)", "third": "(root)"}),
        ("Plain", {}),
        ("Failed", {"tell": "()"}),
        ("Signed", {"other": "()"}),
    ],
)
def test_members_of_a_class_are_read_from_its_source(
    tmp_path: Path, name: str, expected: dict[str, str], live: bool
) -> None:
    package = write_package(tmp_path, __init__=CLASSES, base=BASES)
    found = by_name(discover(package, [tmp_path], live=live))[f"pkg.{name}"]
    constructor = {"Both": "()", "Plain": "()", "Signed": "(*, a, b)"}
    if live and name in constructor:  # what the import shows, where the source defines none
        expected = {**expected, "__init__": constructor[name]}
    assert (found.kind, found.members) == ("class", dict(sorted(expected.items())))


def test_a_class_that_is_its_own_ancestor_is_read_once(tmp_path: Path) -> None:
    source = """
        class A(B):
            def a(self): ...

        class B(A):
            def b(self): ...
    """
    package = write_package(tmp_path, __init__=source)
    found = by_name(discover(package, [tmp_path], live=False))["pkg.A"]
    assert found.members == {"a": "()", "b": "()"}


def test_a_class_that_a_function_makes_instances_of_is_described_with_it(tmp_path: Path) -> None:
    source = """
        from ._region import Shown, blur, regions
    """
    region = """
        def regions(labels):
            if labels is None:
                raise RegionError(labels)
            return [Region(label, _Hidden(), Shown()) for label in labels]

        def blur(image):
            return image

        class RegionError(ValueError):
            pass

        class Region:
            def __init__(self, label): ...

            @property
            def area(self): ...

        class Shown:
            def show(self): ...

        class _Hidden:
            def hide(self): ...
    """
    package = write_package(tmp_path, __init__=source, _region=region)
    names = by_name(discover(package, [tmp_path], live=False))
    assert names["pkg.regions"].members == {
        "Region.__init__": "(label)",
        "Region.area": "property",
    }
    assert names["pkg.blur"].members == {}


def test_the_properties_of_regionprops_are_those_of_its_results() -> None:
    made = type(measure.regionprops(np.ones((3, 3), int))[0])
    shown = {name for name in dir(made) if not name.startswith("_")}
    function = by_name(inventory("skimage"))["skimage.measure.regionprops"]
    read = {name.removeprefix("RegionProperties.") for name in function.members}
    assert {name for name in read if not name.startswith("_")} == shown


@pytest.mark.parametrize("library", ["skimage"])
def test_members_of_real_classes_are_those_that_a_user_can_call(library: str) -> None:
    for name in inventory(library).names:
        if name.kind != "class" or not name.members:
            continue
        upstream = getattr(import_dotted(name.module), name.attribute)
        shown = {member for member in dir(upstream) if not member.startswith("_")}
        read = {member for member in name.members if not member.startswith("_")}
        assert read == shown, name.name
        if "__init__" in name.members:
            live = inspect.signature(upstream).parameters
            parameters = signatures.read(name.members["__init__"])
            assert parameters is not None
            assert [(p.name, p.kind) for p in parameters] == [
                (p.name, p.kind.name) for p in live.values()
            ], name.name
