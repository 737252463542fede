"""Which of pytest-xdist's workers runs which tests, and in which order.

Fixtures that build a package take seconds and serve the tests of one file, so that a file belongs
to one worker. The files that take longest start first: one of them that starts last would keep a
single core busy for minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

INDEPENDENT = (
    "tests/behaviour/test_same_as_pyclesperanto.py",
    "tests/behaviour/test_same_as_upstream.py",
)
"""Files whose tests take long and share nothing: each test goes to a worker that is free."""
LONGEST = (
    *INDEPENDENT,
    "tests/packaging/test_packaging.py",
    "tests/packaging/test_installed.py",
    "tests/stages/test_pipeline.py",
    "tests/stages/test_busy_machine.py",
    "tests/stages/test_stopped_builds.py",
    "tests/stages/test_gallery_of_libraries.py",
    "tests/stages/test_strange_libraries.py",
    "tests/stages/test_cli.py",
    "tests/behaviour/test_types.py",
    "tests/behaviour/test_documentation.py",
    "tests/stages/test_sandbox.py",
    "tests/behaviour/test_checkers.py",
    "tests/stages/test_mischief.py",
    "tests/stages/test_simultaneous_builds.py",
    "tests/stages/test_record.py",
    "tests/editors/test_editors.py",
)
"""Files that take more than half a minute of one core, longest first (`pytest --durations`)."""


def longest_first(items: list[pytest.Item]) -> None:
    """Sort tests by how long their files take, as far as `LONGEST` says; else keep their order."""
    places = {file: place for place, file in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


class Scheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist ships no types
    """A file for one worker, or a test where the file is `INDEPENDENT`; in the tests' order."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        config.option.loadscopereorder = False  # by the number of tests, which says little
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return nodeid if file in INDEPENDENT else file
