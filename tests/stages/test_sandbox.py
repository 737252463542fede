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

from helpers import misbehaving_functions
from helpers.live_descriptions import describe_function
from voxbind_build.common import landlock
from voxbind_build.model import Description, Observation, Parameter, ProbeTask, Returns
from voxbind_build.probe.sandbox import pool as sandbox

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
        "is_killed",
        "is_terminated",
        "has_no_more_processes",
        "has_no_more_threads",
    ]
    # The import of Matplotlib by itself may take a while.
    slow = ["shows_plot", "insists_on_a_plot"]
    # The clock alone ends these.
    endless = ["hangs", "turns_a_deaf_ear"]
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
        quick |= observe(*slow, time_limit=120, call_limit=60, memory_limit=1 << 28)
        with patch.context() as impatient:
            impatient.setattr(sandbox, "PATIENCE", 2)
            quick |= observe(*endless, time_limit=15, call_limit=3)
        yield quick
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
        ("turns_a_deaf_ear", "didn't end within 30 s"),
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
    ["changes_numpy", "patches_builtins", "traces", "empties_the_environment"],
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


@pytest.mark.parametrize(
    ("name", "part", "words"),
    [
        ("hangs", "image", "didn't end within 6 s"),
        ("spins", "image", "used more than 3 s of processor time"),
        ("returns_something_slow", "image", "used more than 3 s of processor time"),
        ("turns_a_deaf_ear", "process", "didn't end within 30 s"),
        ("fills_the_disk", "process", "wrote more than 64 MiB of files"),
        ("is_killed", "image", "was ended from outside by SIGKILL"),
        ("is_terminated", "image", "was ended from outside by SIGTERM"),
        # The pool ends a process that it can't hear from any more.
        ("closes_files", "image", "was ended from outside by SIGTERM"),
        ("eats_memory", "image", "MemoryError"),
        ("has_no_more_processes", "image", "BlockingIOError: [Errno 11] no more processes"),
        ("has_no_more_threads", "image", "RuntimeError: can't start new thread"),
    ],
)
def test_what_a_limit_or_the_machine_ends_is_inconclusive(observed, name, part, words):
    found = observed[name]
    assert found.inconclusive.keys() == {part}
    assert found.inconclusive[part].startswith(words)
    assert outcomes(found) <= {"inconclusive"}
    assert (found.refused, found.dtypes, found.relations) == ({}, {}, {})


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        *((name, "crashed") for name in ("segfaults", "aborts", "leaves", "leaves_with_three")),
        *((name, "raised") for name in ("exits", "raises_oddly", "recurses", "reads_input")),
        *((name, "returned") for name in ("invert", "neighbour", "prints")),
    ],
)
def test_what_a_callable_does_itself_is_conclusive(observed, name, outcome):
    assert observed[name].inconclusive == {}
    assert outcome in (outcomes(observed[name]) or {"crashed"})


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
            from voxbind_build.probe.sandbox import pool as sandbox

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
        "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent), *filter(None, sys.path)]),
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
    assert observation.crashes == ("bool",)
    assert observation.inconclusive == {}
    assert sorted(observation.dtypes) == ["float32", "float64", "int32", "uint16", "uint8"]
    assert observation.relations["per_slice"]


def test_an_option_that_crashes_twice_is_refused_and_costs_nothing_else():
    """A single crash may be a driver's on a busy machine: the function is observed again alone."""
    description = describe_function(misbehaving_functions.crashes_with_an_option)
    (observation,) = sandbox.probe(
        [ProbeTask(description=description, memory_type="numpy")]
    ).values()
    assert observation.failure == ""
    assert observation.inconclusive == {}
    assert {"image", "volume", "scale=1.5"} <= observation.values.keys()
    assert observation.values["crash=True"].endswith(" !")


def test_a_call_that_hangs_leaves_open_what_it_would_decide(monkeypatch):
    monkeypatch.setattr(sandbox, "PATIENCE", 2)
    observation = observe("hangs_on_volumes", call_limit=0.5)["hangs_on_volumes"]
    assert observation.inconclusive == {"volume": "didn't end within 1 s"}
    ended = [call for call in observation.calls if call.outcome == "inconclusive"]
    assert {call.error for call in ended} == {"didn't end within 1 s"}
    assert {len(call.shape) for call in ended} == {3}
    assert {len(call.shape) for call in observation.calls if call.outcome == "returned"} == {2}


def test_a_process_that_waits_before_its_first_call_is_ended(monkeypatch):
    """As one does that is forked while a thread of a library holds a lock."""
    monkeypatch.setattr(sandbox, "observe_apart", waits_at_its_start)
    started = time.monotonic()
    observation = observe("invert", call_limit=0.2)["invert"]
    assert observation.inconclusive == {"process": "did nothing for 3 s"}
    assert observation.failure == "did nothing for 3 s"
    assert time.monotonic() - started < sandbox.PATIENCE * sandbox.TIME_LIMIT


def waits_at_its_start(task, folder, limits):
    time.sleep(3600)


def test_an_inconclusive_call_before_one_that_returns_decides_nothing():
    observation = observe("spins_on_float64_images", call_limit=0.5)["spins_on_float64_images"]
    assert observation.inconclusive == {"dtypes": "used more than 0.5 s of processor time"}
    assert "float64" not in {*observation.refused, *observation.dtypes}
    assert {len(c.shape) for c in observation.calls if c.outcome == "returned"} == {2, 3}


def test_a_dtype_that_is_inconclusive_is_neither_taken_nor_refused():
    observation = observe("is_killed_on_bool")["is_killed_on_bool"]
    assert observation.inconclusive == {"dtypes": "was ended from outside by SIGKILL"}
    assert (observation.refused, observation.crashes) == ({}, ())
    assert sorted(observation.dtypes) == ["float32", "float64", "int32", "uint16", "uint8"]


@landlocked
def test_a_library_cant_write_elsewhere_when_it_is_imported_in_advance(monkeypatch, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "writes_at_import.py").write_text(
        "import contextlib, os, pathlib\n"
        "for place in ('OFFENDERS_OUTSIDE', 'HOME', 'TMPDIR'):\n"
        "    with contextlib.suppress(OSError):\n"
        "        pathlib.Path(os.environ[place], 'written').touch()\n"
    )
    (tmp_path / "outside").mkdir()
    (tmp_path / "home").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setenv("OFFENDERS_OUTSIDE", str(tmp_path / "outside"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    observed = sandbox.probe([task("invert")], jobs=1, ahead=["writes_at_import"])
    assert [observation.failure for observation in observed.values()] == [""]
    assert [*(tmp_path / "outside").iterdir()] == []
    assert [*(tmp_path / "home").iterdir()] == []


def test_what_is_inconclusive_is_observed_once_again_when_all_others_are_done(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("OFFENDERS_OUTSIDE", str(tmp_path))
    others = tmp_path / "others"
    others.touch()
    told = []

    def on_done(observation):
        others.unlink(missing_ok=True)
        told.append(observation.definition)

    tasks = [task("is_killed_for_others"), task("invert")]
    found = sandbox.probe(tasks, jobs=1, on_done=on_done)
    assert told == [
        "helpers.misbehaving_functions:invert",
        "helpers.misbehaving_functions:is_killed_for_others",
    ]
    assert found["helpers.misbehaving_functions:is_killed_for_others"].inconclusive == {}
    assert found["helpers.misbehaving_functions:is_killed_for_others"].relations["per_slice"]


def test_a_busy_machine_sees_what_an_idle_one_sees(monkeypatch):
    """A limit of processor time is kept, by a clock that runs many times as fast."""
    monkeypatch.setattr(sandbox, "PATIENCE", 100)
    idle = observe("takes_its_time", call_limit=0.12)
    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(4 * sandbox.usable_cores())
    ]
    try:
        assert observe("takes_its_time", call_limit=0.12) == idle
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert idle["takes_its_time"].inconclusive == {}
    assert idle["takes_its_time"].relations["per_slice"]
