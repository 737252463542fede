"""The language servers: each is started once, since that takes seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.language_client import GENERATED, SERVERS, Editor


@pytest.fixture(scope="session", params=sorted(SERVERS))
def editor(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Editor]:
    """An editor with an empty workspace, in which the generated package can be imported."""
    server = str(request.param)
    workspace = tmp_path_factory.mktemp(server)
    with Editor(SERVERS[server], workspace, [GENERATED]) as started:
        yield started
