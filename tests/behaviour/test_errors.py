"""What a user is told, and as which exception, when something doesn't fit."""

from __future__ import annotations

import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from helpers import handmade_manifest as handmade
from helpers.generated_packages import Import, importing, write_package
from voxbind_build.model import Manifest

IMAGE = np.ones((3, 4))

TINY = """
    __version__ = "1.0"

    def scale(image, factor=2, *, offset=0):
        '''Scale an image.'''
        return image * factor + offset

    def whole(image):
        return image

    class Thing:
        pass
"""

Open = Callable[..., Import]


@pytest.fixture
def tiny(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Open]:
    """Wrap a library of one file, then change the file and import the wrappers.

    A test may give the version that is recorded, by indirect parametrization; it is 1.0 otherwise.
    """
    version = getattr(request, "param", "1.0")
    # A file that is changed within a second would be taken for the compiled one.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    source = tmp_path / "library" / "tiny.py"
    source.parent.mkdir()
    source.write_text(textwrap.dedent(TINY))
    with importing(source.parent, also=("tiny",)):
        functions = [
            handmade.function("tiny.scale"),
            handmade.function("tiny.whole"),
            handmade.handed_on("tiny.Thing", "class"),
        ]
        library = handmade.library("tiny", "pip", ("tiny",), *functions)
        library = replace(library, distribution="tiny", version=version)
        package = write_package(Manifest(libraries={"tiny": library}), tmp_path / "package")

    with ExitStack() as stack:

        def change(text: str | None, **replaced: tuple[str, str]) -> Import:
            if text is None:
                source.unlink()
            else:
                text = textwrap.dedent(text)
                for old, new in replaced.values():
                    assert old in text
                    text = text.replace(old, new)
                source.write_text(text)
            return stack.enter_context(importing(package, source.parent, also=("tiny",)))

        yield change


NOT_AN_IMAGE = [
    ("image.png", "str.*[Rr]ead the file"),
    (b"\x89PNG", "bytes.*[Rr]ead the file"),
    (Path("image.png"), "PosixPath.*[Rr]ead the file"),
    (None, "None"),
    ({"image": IMAGE}, "dict.*values"),
    ({1, 2}, "set"),
    (3, "int.*asarray"),
    (np.float64(3), "float64.*asarray"),
    (object(), "object"),
    (np.ndarray, "type"),
]


@pytest.mark.parametrize(("value", "told"), NOT_AN_IMAGE, ids=lambda value: str(value)[:20])
@pytest.mark.parametrize(
    "name", ["skimage.filters.gaussian", "skimage.filters.sobel_h", "skimage.color.rgb2gray"]
)
def test_what_is_no_image_is_refused(voxbind: Import, name: str, value: Any, told: str) -> None:
    module, _, attribute = name.rpartition(".")
    with pytest.raises(voxbind("errors").MemoryTypeError, match=f"{attribute}.*{told}") as raised:
        getattr(voxbind(module), attribute)(value)
    assert isinstance(raised.value, TypeError)


def test_an_open_file_is_refused(voxbind: Import) -> None:
    with (
        Path(__file__).open("rb") as file,
        pytest.raises(voxbind("errors").MemoryTypeError, match=r"[Rr]ead the file"),
    ):
        voxbind("skimage.filters").gaussian(file)


@pytest.mark.parametrize("value", ["mask.png", {}, object()])
def test_what_is_no_mask_is_refused_too(voxbind: Import, value: Any) -> None:
    with pytest.raises(voxbind("errors").MemoryTypeError, match="'mask'"):
        voxbind("skimage.filters").sobel_h(IMAGE, mask=value)


def test_a_second_image_that_is_required_cannot_be_none(voxbind: Import) -> None:
    with pytest.raises(voxbind("errors").MemoryTypeError, match="'im2' is None"):
        voxbind("skimage.metrics").structural_similarity(IMAGE, None)


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        ("DimensionError", ValueError),
        ("MemoryTypeError", TypeError),
        ("LibraryMissingError", ImportError),
        ("DeviceUnavailableError", RuntimeError),
        ("StaleWrapperError", RuntimeError),
        ("TransferForbiddenError", RuntimeError),
    ],
)
def test_each_error_is_also_the_built_in_that_fits(
    voxbind: Import, error: str, builtin: type[Exception]
) -> None:
    package = voxbind("")
    assert issubclass(getattr(package, error), (package.VoxbindError, builtin))
    assert issubclass(getattr(package, error), builtin)


@pytest.mark.parametrize("name", ["gaussian", "sobel_h", "threshold_otsu"])
def test_arrays_that_the_library_refuses_get_its_own_exception(voxbind: Import, name: str) -> None:
    upstream = getattr(__import__("skimage.filters", fromlist=["*"]), name)
    image = np.array([["a", "b"], ["c", "d"]])
    with pytest.raises(Exception) as expected:
        upstream(image)
    with pytest.raises(type(expected.value)) as raised:
        getattr(voxbind("skimage.filters"), name)(image)
    assert str(raised.value) == str(expected.value)
    assert type(raised.value) is type(expected.value)


# --- libraries that are missing, broken or moved -----------------------------------------------


def test_a_missing_library_is_told_with_the_command(tiny: Open) -> None:
    load = tiny(None)
    for image in (IMAGE, torch.from_numpy(IMAGE)):
        with pytest.raises(ImportError, match=r"pip install 'voxbind\[tiny\]'") as raised:
            load("tiny").scale(image)
        assert isinstance(raised.value, load("errors").LibraryMissingError)
    with pytest.raises(load("errors").LibraryMissingError):
        load("tiny").Thing  # noqa: B018


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("raise OSError('libtiny.so: cannot open')", OSError),
        ("import a_module_that_is_nowhere", ModuleNotFoundError),
        ("def broken(:", SyntaxError),
    ],
)
def test_a_library_that_fails_to_import_is_told_with_its_cause(
    tiny: Open, text: str, cause: type[Exception]
) -> None:
    load = tiny(text)
    with pytest.raises(load("errors").LibraryMissingError, match="fails to import") as raised:
        load("tiny").scale(IMAGE)
    assert isinstance(raised.value.__cause__, cause)
    assert str(raised.value.__cause__) in str(raised.value)


def test_the_wrapped_version_runs_without_a_word(tiny: Open) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (tiny(TINY)("tiny").scale(IMAGE, 3) == 3).all()


def test_another_version_warns_once_and_names_the_command(tiny: Open) -> None:
    load = tiny(TINY, version=("1.0", "2.0"))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        load("tiny").scale(IMAGE)
        load("tiny").scale(torch.from_numpy(IMAGE))
        load("tiny").whole(IMAGE)
    assert [warning.category for warning in told] == [load("errors").StaleWrapperWarning]
    assert told[0].filename == __file__
    for part in ("tiny 1.0", "2.0 is installed", "voxbind build"):
        assert part in str(told[0].message)


STALE = [
    ("image, factor=2, *, offset=0", "image, *, offset=0", "'factor' is gone"),
    (
        "image, factor=2, *, offset=0",
        "image, *, factor=2, offset=0",
        "'factor' is now keyword-only",
    ),
    ("image, factor=2, *, offset=0", "factor, image=2, *, offset=0", "order"),
    (
        "image, factor=2, *, offset=0",
        "image, factor, more, *, offset=0",
        "'more' is new and required",
    ),
    (
        "image, factor=2, *, offset=0",
        "image, more=1, factor=2, *, offset=0",
        "'more' is new, ahead",
    ),
    ("def scale", "def rescale", "doesn't have it"),
]


@pytest.mark.parametrize(("old", "new", "told"), STALE, ids=[told for _, _, told in STALE])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_signature_that_no_longer_fits_raises_before_the_call(
    tiny: Open, old: str, new: str, told: str
) -> None:
    body = ("return image * factor + offset", "raise AssertionError('called')")
    load = tiny(TINY, version=("1.0", "2.0"), body=body, signature=(old, new))
    with pytest.raises(load("errors").StaleWrapperError, match=f"{told}.*voxbind build"):
        load("tiny").scale(IMAGE)
    assert (load("tiny").whole(IMAGE) == IMAGE).all()


@pytest.mark.parametrize(
    "new", ["image, factor=2, more=1, *, offset=0, other=1", "image, factor=3, *, offset=0, **rest"]
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_signature_that_still_fits_is_called(tiny: Open, new: str) -> None:
    changed = ("image, factor=2, *, offset=0", new)
    load = tiny(TINY, version=("1.0", "2.0"), signature=changed)
    assert (load("tiny").scale(IMAGE) == 2).all()


VERSION = '__version__ = "1.0"'


@pytest.mark.parametrize(
    ("tiny", "installed"),
    [
        pytest.param("unknown", "", id="neither has one"),
        pytest.param("unknown", VERSION, id="only the installed one has one"),
        pytest.param("unknown", "import email as __version__", id="the name is a module's"),
        pytest.param("1.0", "", id="only the wrapped one has one"),
        pytest.param("2024.01", '__version__ = "2024.01"', id="a version with a leading zero"),
    ],
    indirect=["tiny"],
)
def test_a_library_without_a_version_is_compared_with_none(tiny: Open, installed: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load = tiny(TINY, version=(VERSION, installed))
        assert (load("tiny").scale(IMAGE, 3) == 3).all()


@pytest.mark.parametrize("tiny", ["unknown"], indirect=True)
def test_the_signatures_of_a_library_without_a_version_are_compared(tiny: Open) -> None:
    load = tiny(TINY, version=(VERSION, ""), signature=("factor=2, *, ", ""), body=("* factor", ""))
    with pytest.raises(load("errors").StaleWrapperError, match="'factor' is gone") as raised:
        load("tiny").scale(IMAGE)
    assert "unknown" not in str(raised.value)


def test_the_modules_of_this_test_are_put_back() -> None:
    assert "tiny" not in sys.modules
