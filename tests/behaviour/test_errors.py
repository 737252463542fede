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
from voxbind_build.common.library_code import digests_of
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
        digests = digests_of("tiny", [], source)
        scale, whole = (
            replace(handmade.function(f"tiny.{name}"), definition=f"tiny:{name}", code=code)
            for name in ("scale", "whole")
            for code, _ in [digests("tiny", name)]
        )
        functions = [scale, whole, handmade.handed_on("tiny.Thing", "class")]
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


@pytest.mark.parametrize("installed", ["1.0.1", "1.0.7"])
@pytest.mark.parametrize("tiny", ["1.0.2"], indirect=True)
def test_a_patch_release_runs_without_a_word(tiny: Open, installed: str) -> None:
    load = tiny(TINY, version=("1.0", installed), body=("factor + offset", "factor + offset + 0"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (load("tiny").scale(IMAGE, 3) == 3).all()


def test_another_version_warns_once_for_each_function_and_names_the_command(tiny: Open) -> None:
    load = tiny(TINY, version=("1.0", "2.0"), body=("return image", "return +image"))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        load("tiny").scale(IMAGE)
        load("tiny").scale(torch.from_numpy(IMAGE))
        load("tiny").whole(IMAGE)
    assert [warning.category for warning in told] == [load("errors").StaleWrapperWarning] * 2
    assert [warning.filename for warning in told] == [__file__] * 2
    for part in ("tiny.scale was measured with tiny 1.0", "version 2.0", "voxbind build"):
        assert part in str(told[0].message)
    assert "tiny.whole" in str(told[1].message)


def test_only_a_function_whose_code_changed_warns_in_another_version(tiny: Open) -> None:
    load = tiny(
        TINY, version=("1.0", "2.0"), body=("+ offset", "- offset"), doc=("Scale", "Multiply")
    )
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        load("tiny").whole(IMAGE)
        assert told == []
        load("tiny").scale(IMAGE)
    assert [str(warning.message).partition(":")[0] for warning in told] == [
        "tiny.scale was measured with tiny 1.0. In the installed version 2.0, its code is another"
    ]


SIGNATURE = "image, factor=2, *, offset=0"
STALE = [
    # signature that is installed, arguments that use what changed, the error, arguments that don't
    ("image, *, offset=0", {"factor": 3}, "'factor' is gone", {}),
    ("image, factor=2, *", {"offset": 1}, "'offset' is gone", {"factor": 3}),
    ("image, factor, more, *, offset=0", {}, "'more' is new and required", None),
    ("image, factor=100, *, offset=0", {}, "'factor' was 2 and is now 100", {"factor": 3}),
    ("image, factor, *, offset=0", {}, "'factor' was 2 and is now none", {"factor": 3}),
    ("image, factor=2, *, offset=0.5", {"factor": 3}, "'offset' was 0", {"offset": 1}),
    ("image, factor=None, *, offset=0", {}, "'factor' was 2 and is now None", {"factor": 3}),
]


@pytest.mark.parametrize(
    ("new", "refused", "told", "accepted"), STALE, ids=[told for _, _, told, _ in STALE]
)
@pytest.mark.parametrize("installed", ["2.0", "1.0.1"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_only_a_call_that_uses_what_changed_in_a_signature_is_refused(
    tiny: Open,
    new: str,
    refused: dict[str, Any],
    told: str,
    accepted: dict[str, Any] | None,
    installed: str,
) -> None:
    body = ("return image * factor + offset", "return image * locals().get('factor', 2)")
    load = tiny(
        TINY, version=("1.0", installed), body=body, signature=(SIGNATURE, new.removesuffix(", *"))
    )
    with pytest.raises(load("errors").StaleWrapperError, match=f"{told}.*voxbind build"):
        load("tiny").scale(IMAGE, **refused)
    if accepted is not None:
        expected = IMAGE * accepted.get("factor", 2)
        assert (load("tiny").scale(IMAGE, **accepted) == expected).all()
        assert (load("tiny").scale(torch.from_numpy(IMAGE), **accepted).numpy() == expected).all()
    assert (load("tiny").whole(IMAGE) == IMAGE).all()


def test_a_function_that_is_gone_is_named(tiny: Open) -> None:
    load = tiny(TINY, version=("1.0", "2.0"), signature=("def scale", "def rescale"))
    with pytest.raises(load("errors").StaleWrapperError, match=r"doesn't have it.*voxbind build"):
        load("tiny").scale(IMAGE)


FITTING = [
    "image, factor=2, more=1, *, offset=0, other=1",
    "image, factor=2, *, offset=0, **rest",
    "image, *, factor=2, offset=0",
    "factor=2, image=None, *, offset=0",
    "image, more=1, factor=2, *, offset=0",
    "image, factor=2, /, *, offset=0",
    "image, factor=2.0, *, offset=0.0",
    "*, offset=0, factor=2, image",
]


@pytest.mark.parametrize("new", FITTING)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_signature_that_still_fits_is_called(tiny: Open, new: str) -> None:
    load = tiny(TINY, version=("1.0", "2.0"), signature=(SIGNATURE, new))
    assert (load("tiny").scale(IMAGE) == 2).all()
    assert (load("tiny").scale(IMAGE, 3, offset=1) == 4).all()
    assert (load("tiny").scale(torch.from_numpy(IMAGE), factor=3) == 3).all()


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
    assert (load("tiny").scale(IMAGE) == 1).all()
    with pytest.raises(load("errors").StaleWrapperError, match="'factor' is gone") as raised:
        load("tiny").scale(IMAGE, 3)
    assert "unknown" not in str(raised.value)


def test_the_modules_of_this_test_are_put_back() -> None:
    assert "tiny" not in sys.modules
