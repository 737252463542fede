"""A function that no call decides is wrapped without a contract, and refuses nothing of itself."""

import os
import subprocess
import sys
import textwrap

import pytest

from voxbind_build import manifest
from voxbind_build.build import pipeline
from voxbind_build.model import LibrarySpec

SOURCE = '''
import numpy as np


def remap(image, table):
    """Exchange labels.

    Parameters
    ----------
    image : ndarray
        Labels, of any number of axes.
    table : mapping of int to int
        New label by old.
    """
    return np.vectorize(table.__getitem__)(image)
'''
SPEC = LibrarySpec(name="lab", distribution="lab", modules=("lab",))


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    (folder / "lab.py").write_text(SOURCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        pipeline.build([SPEC], folder / "out" / "voxbind", jobs=2)
    return folder


def run(lab, code):
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (lab / "out", lab)))},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_its_contract_is_unknown(lab):
    entry = manifest.read(lab / "out" / "voxbind" / manifest.MANIFEST).libraries["lab"]
    found = entry.functions["lab.remap"]
    assert (found.kind, found.contract, found.evidence) == ("image", None, "unobserved")
    assert (found.arrays, found.refuses, found.dtypes) == (("image",), {}, {})
    assert found.reason.startswith("not observed: tried (Y, X) grey float64, ")


def test_every_number_of_axes_and_dtype_goes_through(lab):
    code = """
        import itertools
        import numpy as np, torch, lab
        from voxbind import lab as wrapped
        shapes = [(7,), (6, 7), (5, 6, 7), (2, 5, 6, 7), (6, 7, 3)]
        for shape, dtype in itertools.product(shapes, ["int64", "uint8", "float32", "bool"]):
            image = np.zeros(shape, dtype)
            expected = lab.remap(image, {0: 5})
            for given in (image, torch.from_numpy(image)):
                found = wrapped.remap(given, {0: 5})
                assert type(found) is type(given), (shape, dtype, type(found))
                np.testing.assert_array_equal(np.asarray(found), expected)
                assert np.asarray(found).dtype == expected.dtype
        print("all")
    """
    assert run(lab, code) == "all"


def test_what_the_library_says_of_its_arguments_comes_through(lab):
    code = """
        import numpy as np
        from voxbind import lab
        print(lab.remap([[0, 1]], {0: 5, 1: 6}).tolist())
        try:
            lab.remap(np.zeros((2, 3), int), {})
        except KeyError as error:
            print(repr(error))
    """
    listed, error = run(lab, code).splitlines()
    assert listed == "[[5, 6]]"
    assert error.startswith("KeyError(")


def test_its_wrapper_says_so_and_has_no_switch(lab):
    code = """
        import inspect
        from voxbind import lab, registry
        print(" ".join(lab.remap.__doc__.split()))
        print(inspect.signature(lab.remap))
        found = registry.functions()["lab.remap"]
        print(found.kind, found.contract, found.evidence, found in registry.find(library="lab"))
    """
    documented, signature, facts = run(lab, code).splitlines()
    start = "Contract (measured by voxbind): unknown. Not observed: tried (Y, X) grey float64, "
    assert start in documented
    assert "the library raised AttributeError: 'int' object has no attribute" in documented
    unchecked = "Dimensions, dtypes and all other arguments are passed on unchecked."
    assert f"and results back. {unchecked}" in documented
    assert "slice_by_slice" not in signature
    assert facts == "image None unobserved True"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["list", "--evidence", "unobserved"], "unobserved"),
        (
            ["show", "lab.remap"],
            "unknown: arrays are converted, other arguments are passed unchanged",
        ),
        (["show", "lab.remap"], "unobserved: no call of lab 1.0 shows which dimensions it takes"),
    ],
)
def test_the_command_line_says_so(lab, command, told):
    version = manifest.read(lab / "out" / "voxbind" / manifest.MANIFEST).libraries["lab"].version
    ran = subprocess.run(
        [sys.executable, "-m", "voxbind_build", *command, "--out", str(lab / "out" / "voxbind")],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "COLUMNS": "200",
        },
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert told.replace("lab 1.0", f"lab {version}") in ran.stdout
