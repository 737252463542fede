"""What a callable does to its process costs its own observation and nothing else."""

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from voxbind_build.model import Description, Observation, Parameter, ProbeTask, Returns
from voxbind_build.probe import landlock, sandbox

HERE = Path(__file__).parent
MODULE = "helpers.misbehaving_functions"
SCREEN = os.getpid()
SLEEP = f"3600.{os.getpid()}"
LANDLOCKED = landlock.version() >= 6
landlocked = pytest.mark.skipif(
    not LANDLOCKED, reason="this kernel can't keep a process in its folder (Landlock, Linux 6.12)"
)


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
            name=f"{MODULE}.{name}",
            module=MODULE,
            attribute=name,
            definition=f"{MODULE}:{name}",
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
        "opens_window",
        "opens_browser",
        "breaks",
        "writes_at_home",
        "writes_temporary_files",
        "writes_outside",
        "removes_what_isnt_its_own",
        "fills_the_disk",
        "changes_directory",
        "closes_files",
        "crashes_later",
        "spins_in_threads",
        "turns_a_deaf_ear",
        "multiplies",
        "kills_others",
        "raises_oddly",
        "interrupts",
        "recurses",
        "overflows_the_stack",
        "returns_something_hostile",
        "returns_something_slow",
        "returns_itself",
        "returns_without_end",
        "returns_much",
        "changes_numpy",
        "patches_builtins",
        "traces",
        "silences_warnings",
        "empties_the_environment",
    ]
    # The import of Matplotlib by itself may take a while.
    slow = ["shows_plot", "insists_on_a_plot"]
    places = {name: tmp_path_factory.mktemp(name) for name in ("work", "home", "temporary")}
    outside = tmp_path_factory.mktemp("outside")
    (outside / "precious.txt").touch()
    with pytest.MonkeyPatch.context() as patch, _screen() as screen:
        patch.chdir(places["work"])
        patch.setenv("HOME", str(places["home"]))
        patch.setenv("OFFENDERS_OUTSIDE", str(outside))
        patch.setenv("OFFENDERS_SLEEP", SLEEP)
        patch.setenv("DISPLAY", f":{SCREEN}")
        patch.setattr(sandbox, "DISK_LIMIT", 1 << 26)
        quick = observe(*names, time_limit=15, call_limit=3, memory_limit=1 << 28)
        yield quick | observe(*slow, time_limit=120, call_limit=60, memory_limit=1 << 28)
        assert [list(place.iterdir()) for place in places.values()] == [[], [], []]
        with pytest.raises(BlockingIOError):
            screen.accept()  # nobody has asked for a window
        if LANDLOCKED:
            assert [path.name for path in outside.iterdir()] == ["precious.txt"]


@contextlib.contextmanager
def _screen():
    """Listen where programs look for the screen with this number."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"\0/tmp/.X11-unix/X{SCREEN}")
        listening.listen()
        listening.setblocking(False)
        yield listening


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("segfaults", "ended its process by SIGABRT or SIGSEGV"),
        ("aborts", "ended its process by SIGABRT or SIGSEGV"),
        ("starts_processes_and_dies", "ended its process by SIGABRT or SIGSEGV"),
        ("leaves", "ended its process with exit code 0"),
        ("leaves_with_three", "ended its process with exit code 3"),
        ("hangs", "took longer than 3 s"),
        ("spins", "took longer than 3 s"),
        ("turns_a_deaf_ear", "took longer than 15 s"),
        ("returns_something_slow", "took longer than 3 s"),
        ("crashes_later", "ended its process by SIGABRT or SIGSEGV"),
        ("overflows_the_stack", "ended its process by SIGABRT or SIGSEGV"),
        ("fills_the_disk", "wrote more than 64 MiB of files"),
        ("interrupts", "couldn't be observed: KeyboardInterrupt"),
        ("returns_something_hostile", "couldn't be observed: RuntimeError: leave me alone"),
        (
            "returns_itself",
            "couldn't be observed: RecursionError: maximum recursion depth exceeded",
        ),
    ],
)
def test_what_ends_or_holds_the_process_is_told_in_words(observed, name, failure):
    assert observed[name].failure == failure
    assert observed[name].definition == f"{MODULE}:{name}"
    assert observed[name].image == "image"


@pytest.mark.parametrize(
    "name",
    ["closes_files", "changes_numpy", "patches_builtins", "traces", "empties_the_environment"],
)
def test_what_spoils_its_process_spoils_its_own_observation(observed, name):
    assert observed[name].failure
    assert observed[name].calls == ()


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("opens_window", "TclError: no display name and no $DISPLAY environment variable"),
        ("insists_on_a_plot", "ImportError: Cannot load backend 'TkAgg'"),
        ("raises_oddly", "Odd: (whose text can't be told: ValueError)"),
        ("recurses", "RecursionError: maximum recursion depth exceeded"),
        pytest.param("writes_outside", "PermissionError: [Errno 13]", marks=landlocked),
        pytest.param("removes_what_isnt_its_own", "PermissionError: [Errno 13]", marks=landlocked),
        pytest.param("kills_others", "PermissionError: [Errno 1]", marks=landlocked),
    ],
)
def test_what_is_refused_is_an_outcome(observed, name, error):
    needed = {"opens_window": "tkinter", "insists_on_a_plot": "matplotlib"}.get(name, "sys")
    if importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} isn't installed")
    assert any(told.startswith(error) for told in errors(observed[name]))
    assert "returned" not in outcomes(observed[name])


def test_leaving_with_an_exception_is_an_outcome(observed):
    assert "SystemExit: enough" in errors(observed["exits"])
    assert "returned" not in outcomes(observed["exits"])


def test_memory_is_limited(observed):
    assert any("MemoryError" in error for error in errors(observed["eats_memory"]))
    assert "returned" not in outcomes(observed["eats_memory"])


def test_there_is_no_input_to_read(observed):
    assert "returned" not in outcomes(observed["reads_input"])


@pytest.mark.parametrize(
    "name",
    [
        *("prints", "writes_files", "starts_threads", "starts_processes", "changes_globals"),
        *("opens_browser", "breaks", "writes_at_home", "writes_temporary_files"),
        *("changes_directory", "spins_in_threads", "multiplies", "returns_without_end"),
        "silences_warnings",
    ],
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
    told: list[Observation] = []
    found = sandbox.probe([task("invert"), task("leaves")], jobs=1, on_done=told.append)
    assert [observation.definition for observation in told] == [
        f"{MODULE}:invert",
        f"{MODULE}:leaves",
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
            if process.info["cmdline"] == ["sleep", SLEEP]
            and process.status() != psutil.STATUS_ZOMBIE
        ]
        if not found:
            break
        time.sleep(0.1)
    return found


def test_a_call_that_ends_its_process_costs_that_call_alone():
    observation = observe("crashes_on_bool")["crashes_on_bool"]
    assert observation.failure == ""
    assert observation.refused == {"bool": "ended its process by SIGABRT or SIGSEGV"}
    assert sorted(observation.dtypes) == ["float32", "float64", "int32", "uint16", "uint8"]
    assert observation.relations["per_slice"]


def test_a_call_that_hangs_costs_that_call_alone():
    observation = observe("hangs_on_volumes", call_limit=0.5)["hangs_on_volumes"]
    told = {call.error for call in observation.calls if call.outcome == "timeout"}
    assert told == {"took longer than 0.5 s"}
    assert {len(call.shape) for call in observation.calls if call.outcome == "timeout"} == {3}
    assert {len(call.shape) for call in observation.calls if call.outcome == "returned"} == {2}
