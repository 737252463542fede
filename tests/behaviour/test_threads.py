"""The first calls of wrappers, made by many threads at once in a fresh process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from msgspec.structs import replace

from helpers import handmade_manifest as handmade
from helpers.generated_packages import importing, write_package
from voxbind_build.model import Manifest

ROOT = Path(__file__).parents[2]

PRELUDE = """
import importlib, sys, threading, warnings
import numpy as np

sys.setswitchinterval(1e-5)
errors = []

def at_once(calls):
    '''Run all calls at the same time, each in its own thread, and return their results.'''
    barrier = threading.Barrier(len(calls))
    results = [None] * len(calls)

    def work(number):
        barrier.wait()
        try:
            results[number] = calls[number]()
        except BaseException as error:
            errors.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "a thread waits forever"
    assert not errors, errors
    return results
"""


def run(code: str, *path: Path, patience: int = 100) -> None:
    """Run code in a new process; an exception there fails the test."""
    folders = os.pathsep.join(map(str, (*path, ROOT / "generated")))
    done = subprocess.run(
        [sys.executable, "-c", f"PATIENCE = {patience}\n{PRELUDE}\n{textwrap.dedent(code)}"],
        env={**os.environ, "PYTHONPATH": folders},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# --- the real libraries ------------------------------------------------------------------------

IMAGE = "np.arange(4096, dtype='float32').reshape(64, 64) % 251"
CALLS: dict[str, tuple[str, ...]] = {
    "skimage": (
        "skimage.filters.gaussian(image)",
        "skimage.filters.rank.median(image.astype('uint8'), np.ones((3, 3)))",
        "skimage.morphology.skeletonize(image > 99)",
        "skimage.morphology.reconstruction(image - 1, image)",
        "skimage.morphology.h_minima(image, 9)",
        "skimage.morphology.star(3)",
        "skimage.measure.label(image > 99)",
        "skimage.segmentation.watershed(image)",
        "skimage.restoration.denoise_tv_chambolle(image)",
        "skimage.transform.rescale(image, 0.5)",
    ),
    "scipy": (
        "scipy.ndimage.gaussian_filter(image, 2)",
        "scipy.ndimage.distance_transform_edt(image > 99)",
        "scipy.ndimage.zoom(image, 0.5)",
        "scipy.ndimage.label(image > 99)[0]",
        "scipy.ndimage.generate_binary_structure(2, 1)",
    ),
    "pyclesperanto": (
        "pyclesperanto.gaussian_blur(image, sigma_x=2, sigma_y=2)",
        "pyclesperanto.threshold_otsu(image)",
        "pyclesperanto.connected_components_labeling(image > 99)",
        "pyclesperanto.maximum_of_all_pixels(image)",
        "pyclesperanto.push(image)",
    ),
    "auto": (
        "auto.filters.gaussian(image)",
        "auto.ndimage.median_filter(image, 3)",
        "auto.morphology.skeletonize(image > 99)",
        "auto.segmentation.clear_border(image > 99)",
        "auto.measure.label(image > 99)",
    ),
    "handed on": (
        "skimage.img_as_float(image.astype('uint8'))",
        "skimage.data.coins()",
        "skimage.draw.disk((9, 9), 5)",
        "skimage.graph.route_through_array(image, (0, 0), (9, 9))[0]",
        "skimage.util.dtype.img_as_ubyte(image / 300)",
        "skimage.restoration.inpaint.inpaint_biharmonic(image, image > 249)",
        "skimage.filters.thresholding.threshold_otsu(image)",
        "scipy.spatial.distance.cdist(image, image)",
        "scipy.sparse.csgraph.connected_components(image > 99)[1]",
    ),
    "native": (
        "native.bin_image(image, 2)",
        "native.max_projection(image[None])",
        "native.normalize_percentile(image)",
        "native.focus_measure(image)",
    ),
}


@pytest.mark.parametrize("library", CALLS)
@pytest.mark.parametrize("wrappers", ["imported before", "imported by the threads"])
def test_first_calls_from_many_threads_give_what_a_later_call_gives(
    library: str, wrappers: str
) -> None:
    code = f"""
        image = {IMAGE}
        calls = {CALLS[library]}

        def wrapper_of(text):
            module, _, name = text.partition("(")[0].rpartition(".")
            try:
                home = importlib.import_module(f"voxbind.{{module}}")
            except KeyError:
                # When Python ends the import of a package, it takes the package out of
                # `sys.modules` for an instant. If another thread imports a submodule just then,
                # Python itself fails.
                home = importlib.import_module(f"voxbind.{{module}}")
            return getattr(home, name)

        if {wrappers == "imported before"}:
            list(map(wrapper_of, calls))

        def call(text):
            wrapper, arguments = wrapper_of(text), text.partition("(")[2]
            return eval(f"wrapper({{arguments}}", dict(wrapper=wrapper, image=image, np=np))

        threads = [lambda text=text: call(text) for text in calls * 4]
        for text, result in zip(calls * 4, at_once(threads), strict=True):
            assert np.array_equal(np.asarray(result), np.asarray(call(text))), text
    """
    run(code)


# --- libraries made to fail without waiting ----------------------------------------------------

SLOW = """
    import time

    __version__ = "1.0"

    def early(image):
        return image

    time.sleep(0.3)

    def late(image):
        return image
"""
LAZY = """
    import importlib

    __version__ = "1.0"

    def __getattr__(name):
        homes = {"early": "slow.one", "late": "slow.two"}
        if name not in homes:
            raise AttributeError(name)
        return getattr(importlib.import_module(homes[name]), name)
"""
ONE = """
    import time
    time.sleep(0.6)
    from slow import late

    def early(image):
        return image
"""
TWO = """
    import time

    def late(image):
        return image

    time.sleep(0.3)
    import slow.one
"""
PLAIN = """
    __version__ = "1.0"

    def early(image):
        return image

    def late(image):
        return image
"""


@pytest.fixture
def slow(tmp_path: Path) -> tuple[Path, Path]:
    """Wrap the libraries ``slow``, whose files a test then writes, and ``plain``."""
    folder = tmp_path / "library"
    write(folder, slow=PLAIN, other=PLAIN)
    (folder / "plain.py").write_text(textwrap.dedent(PLAIN))
    libraries = {}
    with importing(folder, also=("slow", "plain")):
        for key, modules in {"slow": ("slow", "slow.other"), "plain": ("plain",)}.items():
            names = [f"{module}.{name}" for module in modules for name in ("early", "late")]
            library = handmade.library(key, "pip", modules, *map(handmade.function, names))
            libraries[key] = replace(library, distribution=key, version="1.0")
    return write_package(Manifest(libraries=libraries), tmp_path / "package"), folder


def write(folder: Path, slow: str, **modules: str) -> None:
    """Write the library ``slow`` anew, of which Python has compiled nothing."""
    shutil.rmtree(folder / "slow", ignore_errors=True)
    (folder / "slow").mkdir(parents=True)
    for name, text in {"__init__": slow, **modules}.items():
        (folder / "slow" / f"{name}.py").write_text(textwrap.dedent(text))


EVERY_NAME = """
    from voxbind import slow
    image = np.ones((2, 2))
    names = ["early", "late"] * 8
    results = at_once([lambda name=name: getattr(slow, name)(image) for name in names])
    assert all((result == 1).all() for result in results)
"""


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param({"slow": SLOW}, id="defines a function late"),
        pytest.param({"slow": LAZY, "one": ONE, "two": TWO}, id="lazy, imports in a circle"),
    ],
)
def test_a_library_that_another_thread_imports_is_waited_for(
    slow: tuple[Path, Path], modules: dict[str, str]
) -> None:
    write(slow[1], **modules)
    run(EVERY_NAME, *slow)


def test_a_package_is_waited_for_before_its_submodule(slow: tuple[Path, Path]) -> None:
    needs_other = """
        import time

        __version__ = "1.0"

        def early(image):
            return image

        time.sleep(0.3)
        from .other import late
    """
    needs_package = """
        from slow import early

        def late(image):
            return image
    """
    write(slow[1], slow=needs_other, other=needs_package)
    code = """
        from voxbind.slow import other
        calls = [lambda: other.late(np.ones((2, 2)))] * 8
        at_once([lambda: importlib.import_module("slow"), *calls])
    """
    run(code, *slow)


def test_an_import_that_python_breaks_off_for_another_thread_is_tried_again(
    slow: tuple[Path, Path],
) -> None:
    # As a lazy import of scikit-image in a thread that calls scikit-image itself. Each thread
    # imports what the other is importing; Python ends the second one's import with an error.
    module = """
        import importlib
        import time

        time.sleep({seconds})
        importlib.import_module("slow.{other}")

        def early(image):
            return image
    """
    write(
        slow[1],
        slow=PLAIN,
        other=module.format(seconds=0.6, other="two"),
        two=module.format(seconds=0.3, other="other"),
    )
    code = """
        from voxbind.slow import other
        calls = [lambda: other.early(np.ones((2, 2)))] * 4
        _, *results = at_once([lambda: importlib.import_module("slow.two"), *calls])
        assert all((result == 1).all() for result in results)
    """
    run(code, *slow)


def test_each_function_of_another_version_is_warned_of_once(
    slow: tuple[Path, Path],
) -> None:
    write(slow[1], slow=SLOW.replace("1.0", "2.0"))
    code = """
        from voxbind import StaleWrapperWarning, slow
        image = np.ones((2, 2))
        given = []
        warnings.showwarning = lambda message, *_: given.append(type(message))
        warnings.simplefilter("always")
        at_once([lambda: slow.early(image), lambda: slow.late(image)] * 8)
        assert given == [StaleWrapperWarning] * 2, given
    """
    run(code, *slow)


WRAPPER_CALLED_BY_AN_IMPORT = """
    import time
    import numpy as np
    from voxbind import plain

    __version__ = "1.0"
    time.sleep(0.3)
    THREES = plain.late(3 * np.ones((2, 2)))

    def early(image):
        return image + THREES
"""
WRAPPER_CALLED_BY_A_THREAD_OF_AN_IMPORT = """
    from concurrent.futures import ThreadPoolExecutor
    import numpy as np
    from voxbind import plain

    __version__ = "1.0"
    with ThreadPoolExecutor(1) as pool:
        THREES = pool.submit(plain.late, 3 * np.ones((2, 2))).result()

    def early(image):
        return image + THREES
"""


@pytest.mark.parametrize(
    ("library", "patience"),
    [(WRAPPER_CALLED_BY_AN_IMPORT, 600), (WRAPPER_CALLED_BY_A_THREAD_OF_AN_IMPORT, 0.2)],
    ids=["by the import", "by a thread that the import waits for"],
)
def test_a_library_whose_import_calls_a_wrapper_holds_nobody_up(
    slow: tuple[Path, Path], library: str, patience: float
) -> None:
    write(slow[1], slow=library)
    code = f"""
        import voxbind._upstream.first_use
        from voxbind import slow

        voxbind._upstream.first_use._PATIENCE = {patience}
        calls = [lambda: slow.early(np.ones((2, 2)))] * 8
        _, *results = at_once([lambda: importlib.import_module("slow"), *calls])
        assert all((result == 4).all() for result in results)
    """
    run(code, *slow, patience=20)


def test_a_function_called_before_its_library_defines_it_is_no_stale_wrapper(
    slow: tuple[Path, Path],
) -> None:
    calls_itself = """
        import numpy as np
        from voxbind import slow as wrapped

        wrapped.late(np.ones((2, 2)))
    """
    write(slow[1], slow=calls_itself)
    code = """
        from voxbind import LibraryMissingError
        try:
            import slow
        except LibraryMissingError as error:
            assert "slow.late was called before the import of slow finished" in str(error), error
        else:
            raise AssertionError("no error")
    """
    run(code, *slow)
