"""CuPy and PyTorch on one GPU: one buffer, no host between them, and each waits for the other."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest

import voxbind
from helpers.gpu_libraries import IMAGE, PAIRS, Library, delay
from voxbind import native
from voxbind._dispatch.dispatch import call_as_is
from voxbind._dispatch.exchange import Exchange
from voxbind._memory.lookup import library_memory

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.parametrize(("own", "other"), PAIRS, ids=map(" to ".join, PAIRS)),
]
"""An array of its own library goes to another's function."""
STREAMS = [("default", "default"), ("default", "side"), ("side", "default"), ("side", "side")]
SHAPE = (512, 512)


class Streams:
    """The streams that both libraries work on, for as long as it is entered."""

    def __init__(self, gpu: int, own: tuple[Library, str], other: tuple[Library, str]) -> None:
        self._gpu, self._stack = gpu, ExitStack()
        self._sides = {library.name: (library, which) for library, which in (own, other)}
        self._addresses: dict[str, int] = {}

    def __enter__(self) -> Streams:
        for name, (library, which) in self._sides.items():
            side = (
                self._stack.enter_context(library.side_stream(self._gpu)) if which == "side" else 0
            )
            self._addresses[name] = side
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def delay(self, library: Library) -> None:
        delay(self._addresses[library.name], self._gpu)


@pytest.fixture(params=STREAMS, ids=" and ".join)
def streams(
    request: pytest.FixtureRequest, libraries: dict[str, Library], gpu: int, own: str, other: str
) -> Any:
    first, second = request.param
    with Streams(gpu, (libraries[own], first), (libraries[other], second)) as entered:
        yield entered


@pytest.fixture
def pair(libraries: dict[str, Library], own: str, other: str) -> tuple[Library, Library]:
    return libraries[own], libraries[other]


def exchange_of(library: Library, gpu: int) -> Exchange:
    memory = library_memory(library.name)
    assert memory is not None
    return Exchange(memory, library.device(gpu))


def test_array_and_what_the_library_is_given_have_one_buffer(
    pair: tuple[Library, Library], gpu: int
) -> None:
    own, other = pair
    array, exchange = own.send(IMAGE, gpu), exchange_of(other, gpu)
    given = exchange.lower(array, "image")
    assert type(given) is other.kind
    assert other.gpu(given) == gpu
    assert other.pointer(given) == own.pointer(array)
    np.testing.assert_array_equal(other.fetch(given), IMAGE)
    assert exchange.lower(array, "mask") is given
    assert exchange.give_back(given, array) is array


def test_result_has_the_buffer_that_the_library_made(
    pair: tuple[Library, Library], gpu: int
) -> None:
    own, other = pair
    array, result = own.send(IMAGE, gpu), other.send(IMAGE + 1, gpu)
    back = exchange_of(other, gpu).give_back(result, array)
    assert type(back) is own.kind
    assert own.gpu(back) == gpu
    assert own.pointer(back) == other.pointer(result)
    np.testing.assert_array_equal(own.fetch(back), IMAGE + 1)


def test_function_of_either_takes_both_without_a_copy(
    pair: tuple[Library, Library], gpu: int
) -> None:
    own, other = pair
    flat, image = own.send(IMAGE + 1, gpu), other.send(IMAGE, gpu)
    with voxbind.transfers("forbid"), voxbind.trace() as log:
        result = native.flat_field_correction(image, flat)
    assert type(result) is other.kind
    assert other.gpu(result) == gpu
    expected = native.flat_field_correction(IMAGE, IMAGE + 1)
    np.testing.assert_allclose(other.fetch(result), expected, rtol=2e-5)
    (row,) = log.rows()
    assert (row["bytes_copied"], row["bytes_shared"]) == (0, IMAGE.nbytes)
    assert row["conversions"] == [
        {
            "argument": "flat",
            "source": own.place(gpu),
            "target": other.place(gpu),
            "nbytes": IMAGE.nbytes,
            "shared": True,
        }
    ]


def test_output_is_written_through_the_shared_buffer(
    pair: tuple[Library, Library], gpu: int
) -> None:
    own, other = pair
    image, out = own.send(IMAGE, gpu), own.send(np.zeros_like(IMAGE), gpu)

    def double(image: Any, out: Any) -> Any:
        out[...] = image * 2
        return out

    arguments = {"image": image, "out": out}
    with voxbind.transfers("forbid"):
        result = call_as_is(
            double, arguments, images=("image",), outputs=("out",), memory=other.name
        )
    assert result is out
    np.testing.assert_array_equal(own.fetch(out), IMAGE * 2)


def test_what_the_function_changes_is_a_copy(pair: tuple[Library, Library], gpu: int) -> None:
    own, other = pair
    image = own.send(IMAGE, gpu)

    def clear(image: Any) -> Any:
        image[...] = 0
        return image + 1

    arguments = {"image": image}
    result = call_as_is(clear, arguments, images=("image",), modified=("image",), memory=other.name)
    np.testing.assert_array_equal(own.fetch(result), np.ones_like(IMAGE))
    np.testing.assert_array_equal(own.fetch(image), IMAGE)


def test_function_waits_for_what_made_its_image(
    pair: tuple[Library, Library], gpu: int, streams: Streams
) -> None:
    own, other = pair
    array = own.send(np.zeros(SHAPE, np.float32), gpu)
    array[...] = 1
    streams.delay(own)
    array[...] = 7
    given = exchange_of(other, gpu).lower(array, "image")
    assert (other.fetch(given) == 7).all()


def test_result_is_waited_for_where_it_is_read(
    pair: tuple[Library, Library], gpu: int, streams: Streams
) -> None:
    own, other = pair

    def slow(image: Any, wait: bool = True) -> Any:
        if wait:
            streams.delay(other)
        return image + 6

    array = own.send(np.ones(SHAPE, np.float32), gpu)
    slow(exchange_of(other, gpu).lower(array, "image"), wait=False)  # compiles
    result = call_as_is(slow, {"image": array}, images=("image",), memory=other.name)
    assert (own.fetch(result) == 7).all()


def test_output_is_waited_for_where_it_is_read(
    pair: tuple[Library, Library], gpu: int, streams: Streams
) -> None:
    own, other = pair

    def slow(image: Any, out: Any) -> None:
        out[...] = 1
        streams.delay(other)
        out[...] = 7

    image, out = (own.send(np.zeros(SHAPE, np.float32), gpu) for _ in range(2))
    arguments = {"image": image, "out": out}
    call_as_is(slow, arguments, images=("image",), outputs=("out",), memory=other.name)
    assert (own.fetch(out) == 7).all()


def test_what_was_read_may_be_overwritten_after_the_call(
    pair: tuple[Library, Library], gpu: int, streams: Streams
) -> None:
    own, other = pair

    def slow(image: Any, mask: Any, wait: bool = True) -> Any:
        if wait:
            streams.delay(other)
        return image + mask

    image = other.send(np.ones(SHAPE, np.float32), gpu)
    mask = own.send(np.full(SHAPE, 6, np.float32), gpu)
    slow(image, exchange_of(other, gpu).lower(mask, "mask"), wait=False)  # compiles
    arguments = {"image": image, "mask": mask}
    result = call_as_is(slow, arguments, images=("image", "mask"), n_required=2, memory=other.name)
    mask[...] = 0
    assert (other.fetch(result) == 7).all()
