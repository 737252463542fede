"""What a callable does to its process costs its own observation and nothing else."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from voxbind_build.model import Description, Parameter, ProbeTask, Returns
from voxbind_build.probe import sandbox

HERE = Path(__file__).parent


def task(name: str) -> ProbeTask:
    image = Parameter(
        name="image",
        kind="POSITIONAL_OR_KEYWORD",
        annotation="ArrayT",
        annotation_source="docstring",
        documented="ndarray",
    )
    return ProbeTask(
        description=Description(
            name=f"offenders.{name}",
            module="offenders",
            attribute=name,
            definition=f"offenders:{name}",
            fingerprint="sha256:0",
            parameters=(image,),
            returns=Returns(annotation="ArrayT", annotation_source="docstring"),
        ),
        memory_type="numpy",
    )


def observe(*names, **limits):
    observed = sandbox.probe([task(name) for name in names], jobs=2, **limits)
    return {definition.partition(":")[2]: found for definition, found in observed.items()}


def outcomes(observation):
    return {call.outcome for call in observation.calls}


def errors(observation):
    return {call.error for call in observation.calls}


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    """All offenders at once, each with well-behaved neighbours."""
    names = [
        "segfaults",
        "invert",
        "aborts",
        "leaves",
        "changes_globals",
        "neighbour",
        "leaves_with_three",
        "exits",
        "eats_memory",
        "prints",
        "reads_input",
        "writes_files",
        "starts_threads",
        "starts_processes",
        "starts_processes_and_dies",
        "hangs",
        "spins",
    ]
    here = Path.cwd()
    work = tmp_path_factory.mktemp("work")
    os.chdir(work)
    try:
        yield observe(*names, time_limit=15, memory_limit=1 << 28)
        assert list(work.iterdir()) == []
    finally:
        os.chdir(here)


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("segfaults", "ended its process by SIGSEGV"),
        ("aborts", "ended its process by SIGABRT"),
        ("starts_processes_and_dies", "ended its process by SIGABRT"),
        ("leaves", "ended its process with exit code 0"),
        ("leaves_with_three", "ended its process with exit code 3"),
        ("hangs", "took longer than 15 s"),
        ("spins", "took longer than 15 s"),
    ],
)
def test_what_ends_or_holds_the_process_is_told_in_words(observed, name, failure):
    assert observed[name].failure == failure
    assert observed[name].definition == f"offenders:{name}"


def test_leaving_with_an_exception_is_an_outcome(observed):
    assert "SystemExit: enough" in errors(observed["exits"])
    assert "returned" not in outcomes(observed["exits"])


def test_memory_is_limited(observed):
    assert any("MemoryError" in error for error in errors(observed["eats_memory"]))
    assert "returned" not in outcomes(observed["eats_memory"])


def test_there_is_no_input_to_read(observed):
    assert "returned" not in outcomes(observed["reads_input"])


@pytest.mark.parametrize(
    "name", ["prints", "writes_files", "starts_threads", "starts_processes", "changes_globals"]
)
def test_side_effects_dont_cost_the_observation(observed, name):
    assert observed[name].failure == ""
    assert "returned" in outcomes(observed[name])


@pytest.mark.parametrize("name", ["invert", "neighbour"])
def test_neighbours_are_observed_as_if_alone(observed, name):
    assert observed[name].failure == ""
    assert observed[name] == observe(name)[name]


def test_nothing_is_printed(capfd):
    observe("prints", "segfaults", "aborts")
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")


def test_child_processes_are_ended(observed):
    assert _sleepers() == []


def test_every_observation_is_told_as_it_comes():
    told = []
    found = sandbox.probe([task("invert"), task("leaves")], jobs=1, on_done=told.append)
    assert [observation.definition for observation in told] == [
        "offenders:invert",
        "offenders:leaves",
    ]
    assert {observation.definition: observation for observation in told} == found


def test_the_environment_is_put_back():
    before = dict(os.environ)
    observe("invert")
    assert dict(os.environ) == before


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill"])
def test_a_broken_off_build_leaves_no_processes(ending, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import sys
            from test_sandbox import task
            from voxbind_build.probe import sandbox

            if __name__ == "__main__":
                sandbox.probe(
                    [task("invert"), task("hangs"), task("spins")],
                    jobs=3,
                    on_done=lambda found: print("ready", flush=True),
                )
            """
        )
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, sys.path)]),
    }
    build = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, env=environment, start_new_session=True
    )
    assert build.stdout is not None
    assert build.stdout.readline() == b"ready\n"
    family = [process for process in psutil.Process(build.pid).children(recursive=True)]
    assert family
    os.kill(build.pid, ending)
    assert build.wait(timeout=30) != 0
    _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == []


def _sleepers():
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        found = [
            process
            for process in psutil.process_iter(["cmdline"])
            if process.info["cmdline"] == ["sleep", "3600.0125"]
            and process.status() != psutil.STATUS_ZOMBIE
        ]
        if not found:
            break
        time.sleep(0.1)
    return found
