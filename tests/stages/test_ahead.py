"""What is started before the processes are forked serves them, and harms none."""

import os
import time

import pytest

from helpers.live_descriptions import describe_name
from voxbind_build import libraries
from voxbind_build.model import ProbeTask
from voxbind_build.probe.sandbox import pool as sandbox
from voxbind_build.probe.sandbox.preload import outlives_fork


def fine(number):
    """Start, and go on in a child."""


def missing(number):
    raise RuntimeError("no device")


def crashes_in_a_child(number):
    if number == 2:
        os._exit(139)


def hangs_in_a_child(number):
    if number == 2:
        time.sleep(3600)


@pytest.mark.parametrize(
    ("start", "outlives"),
    [(fine, True), (missing, False), (crashes_in_a_child, False), (hangs_in_a_child, False)],
)
def test_a_device_is_started_ahead_only_where_a_child_can_go_on(start, outlives):
    assert outlives_fork(start, patience=3) is outlives


def test_kernels_are_kept_apart_from_the_users(tmp_path, monkeypatch):
    """They are compiled for the same bits everywhere, the user's for speed."""
    monkeypatch.setenv("HOME", str(tmp_path))
    libraries.prepare(libraries.load("pyclesperanto"))
    task = ProbeTask(
        description=describe_name("pyclesperanto.absolute"), memory_type="pyclesperanto"
    )
    (observation,) = sandbox.probe([task], jobs=1).values()
    assert not observation.failure
    assert list((tmp_path / ".cache" / "voxbind").rglob("*.bin"))
    assert not (tmp_path / ".cache" / "clesperanto").exists()
