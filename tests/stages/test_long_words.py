"""Documentation with a very long word is rendered in a time that grows with its length only."""

import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from voxbind_build import manifest as frozen
from voxbind_build.render.docs.documentation import document
from voxbind_build.render.docs.examples import Examples
from voxbind_build.render.docs.markup import plain

MANIFEST = frozen.read(Path(__file__).parents[2] / "generated" / "voxbind" / frozen.MANIFEST)
GAUSSIAN = MANIFEST.libraries["skimage"].functions["skimage.filters.gaussian"]
LETTERS = 60_000
SECONDS = 6.0
"""CPU time that is allowed. If the time grew with the square of the length, it would be 25 s."""


@pytest.mark.parametrize("part", ["a", "a.", "_", ":a", "<", "<a>", "[a]", "(", "a<b>", ",", "é"])
@pytest.mark.parametrize(
    "place",
    [
        "Blur.\n\n{}\n",
        "Blur.\n\nParameters\n----------\nimage : ndarray\n    {}\n",
        "Blur.\n\nParameters\n----------\nimage : {}\n    The image.\n",
    ],
    ids=["text", "description", "type"],
)
def test_a_long_word_is_rendered_in_linear_time(place, part):
    word = part * (LETTERS // len(part))
    started = time.process_time()
    text = document(replace(GAUSSIAN, doc=place.format(word)), False, Examples(MANIFEST))
    assert time.process_time() - started < SECONDS
    assert part in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see numpy <https://numpy.org>`_ here", "see numpy (https://numpy.org) here"),
        ("(numpy <n>`_)", "(numpy (n))"),
        ("see:func:`blur` and :py:class:`~skimage.Kernel`", "see`blur` and `skimage.Kernel`"),
    ],
)
def test_links_without_an_opening_backtick_and_roles_become_text(text, expected):
    assert plain(text) == expected


def test_an_example_that_is_nested_too_deeply_is_left_as_it_is():
    doc = f"Blur.\n\nExamples\n--------\n>>> {'-' * 20_000}1\n"
    assert "-" * 20_000 in document(replace(GAUSSIAN, doc=doc), False, Examples(MANIFEST))
