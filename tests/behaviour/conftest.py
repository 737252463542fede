"""The package that the behaviour of wrappers is looked at on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers import handmade_manifest as handmade
from helpers.generated_packages import Import, importing, write_package


@pytest.fixture(scope="session")
def handmade_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the package of the manifest written by hand."""
    return write_package(handmade.manifest(), tmp_path_factory.mktemp("handmade"))


@pytest.fixture(scope="module")
def voxbind(handmade_package: Path) -> Iterator[Import]:
    """Give a function that imports a module of that package: ``voxbind("skimage.filters")``."""
    with importing(handmade_package) as load:
        yield load
