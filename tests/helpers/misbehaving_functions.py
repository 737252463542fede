"""Functions that no build should be hurt by; the sandbox's tests measure them."""

import ctypes
import os
import pathlib
import subprocess
import sys
import threading
import time

import numpy as np

STATE = {"calls": 0}
SLEEP = os.environ.get("OFFENDERS_SLEEP", "3600")  # of the test's own, to find the sleepers by


def invert(image):
    return image.max() - image


def neighbour(image):
    """Right only where nobody else's calls have touched this module."""
    return image + 0.0 if STATE["calls"] == 0 else None


def changes_globals(image):
    STATE["calls"] += 1
    np.add = None
    return image


def segfaults(image):
    ctypes.string_at(0)


def aborts(image):
    os.abort()


def leaves(image):
    os._exit(0)


def leaves_with_three(image):
    os._exit(3)


def exits(image):
    sys.exit("enough")


def hangs(image):
    while True:
        time.sleep(60)


def spins(image):
    while True:
        pass


def eats_memory(image):
    hoard = []
    while True:
        hoard.append(np.ones(1 << 24, np.uint8))


def prints(image):
    print("noise from Python")
    print("noise from Python", file=sys.stderr)
    os.write(1, b"noise from below\n")
    os.write(2, b"noise from below\n")
    return image


def reads_input(image):
    return image + float(input("how much? "))


def writes_files(image):
    pathlib.Path("litter.txt").write_text("litter")
    return image


def starts_threads(image):
    threading.Thread(target=time.sleep, args=(3600,)).start()
    return image


def starts_processes(image):
    subprocess.Popen(["sleep", SLEEP])
    return image


def starts_processes_and_dies(image):
    subprocess.Popen(["sleep", SLEEP])
    os.abort()


# --- the screen -------------------------------------------------------------------------


def opens_window(image):
    """Open a window and wait until somebody closes it."""
    import tkinter

    tkinter.Tk().mainloop()
    return image


def shows_plot(image):
    import matplotlib.pyplot as plt

    plt.imshow(image)
    plt.show()
    return image


def insists_on_a_plot(image):
    import matplotlib.pyplot as plt

    plt.switch_backend("TkAgg")
    plt.imshow(image)
    plt.show()
    return image


def opens_browser(image):
    import webbrowser

    webbrowser.open("http://localhost:9/")
    return image


def breaks(image):
    breakpoint()
    return image


# --- files ------------------------------------------------------------------------------


def writes_at_home(image):
    folder = pathlib.Path.home() / ".offenders"
    folder.mkdir(exist_ok=True)
    (folder / "litter.txt").write_text("litter")
    return image


def writes_temporary_files(image):
    import tempfile

    tempfile.NamedTemporaryFile(prefix="offenders-", delete=False).close()
    return image


def writes_outside(image):
    pathlib.Path(os.environ["OFFENDERS_OUTSIDE"], "litter.txt").write_text("litter")
    return image


def removes_what_isnt_its_own(image):
    pathlib.Path(os.environ["OFFENDERS_OUTSIDE"], "precious.txt").unlink()
    return image


def fills_the_disk(image):
    number = 0
    while True:
        number += 1
        pathlib.Path(f"{number}.bin").write_bytes(b"\1" * (1 << 20))


def changes_directory(image):
    os.chdir("/")
    return image


def closes_files(image):
    os.closerange(3, 1024)
    return image


# --- processes, threads and signals -----------------------------------------------------


def crashes_later(image):
    def crash():
        time.sleep(0.3)
        ctypes.string_at(0)

    threading.Thread(target=crash).start()
    time.sleep(0.5)
    return image


def spins_in_threads(image):
    if threading.active_count() < 5:
        threading.Thread(target=spins, args=(image,)).start()
    return image


def turns_a_deaf_ear(image):
    import signal

    polite = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    for number in (*polite, signal.SIGALRM, signal.SIGPROF, signal.SIGXCPU):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    spins(image)


def multiplies(image):
    """Leave many processes behind, each in a session of its own."""
    for _ in range(5):
        subprocess.Popen(["sleep", SLEEP], start_new_session=True)
    return image


def kills_others(image):
    os.kill(os.getppid(), 9)
    return image


# --- errors and results -----------------------------------------------------------------


class Odd(BaseException):
    def __str__(self):
        raise ValueError("no words")


def raises_oddly(image):
    raise Odd


def interrupts(image):
    raise KeyboardInterrupt


def recurses(image):
    return recurses(image)


def overflows_the_stack(image):
    import re

    sys.setrecursionlimit(1 << 30)
    threading.stack_size(1 << 16)

    def deeper(depth):
        return re.sub("a", lambda match: deeper(depth + 1), "a")

    thread = threading.Thread(target=deeper, args=(0,))
    thread.start()
    thread.join()


class Hostile:
    def _refuse(self, *arguments):
        raise RuntimeError("leave me alone")

    __repr__ = __str__ = __len__ = __eq__ = __bool__ = __array__ = __iter__ = _refuse
    __hash__ = None
    shape = dtype = property(_refuse)


def returns_something_hostile(image):
    return Hostile()


class Slow:
    @property
    def shape(self):
        spins(None)


def returns_something_slow(image):
    return Slow()


def returns_itself(image):
    found = [image]
    found.append(found)
    return found


def returns_without_end(image):
    while True:
        yield image


def returns_much(image):
    return [0] * 3_000_000


# --- state of the interpreter -----------------------------------------------------------


def changes_numpy(image):
    np.seterr(all="raise")
    np.random.seed(len(image))
    np.set_printoptions(threshold=1)
    np.array = None
    return image


def patches_builtins(image):
    import builtins

    builtins.open = builtins.len = builtins.isinstance = None
    return image


def traces(image):
    sys.settrace(lambda *arguments: 1 / 0)
    sys.setprofile(lambda *arguments: 1 / 0)
    return image


def silences_warnings(image):
    import warnings

    warnings.simplefilter("error")
    warnings.showwarning = None
    return image


def empties_the_environment(image):
    os.environ.clear()
    sys.path.clear()
    sys.modules.clear()
    return image


def crashes_on_bool(image):
    if image.dtype == bool:
        ctypes.string_at(0)
    return image + image


def crashes_with_an_option(image, order=1, scale=1.0, crash=False):
    if crash:
        ctypes.string_at(0)
    return image * scale


def hangs_on_volumes(image):
    while image.ndim == 3:
        time.sleep(60)
    return image + image


# --- what the machine does --------------------------------------------------------------


def is_killed(image):
    os.kill(os.getpid(), 9)


def is_terminated(image):
    os.kill(os.getpid(), 15)


def is_killed_on_bool(image):
    if image.dtype == bool:
        is_killed(image)
    return image + image


def is_killed_for_others(image):
    """Be killed as long as others need the memory."""
    if pathlib.Path(os.environ["OFFENDERS_OUTSIDE"], "others").exists():
        is_killed(image)
    return image + image


def has_no_more_processes(image):
    raise BlockingIOError(11, "no more processes")


def has_no_more_threads(image):
    raise RuntimeError("can't start new thread")


def spins_on_float64_images(image):
    while image.dtype == np.float64:
        pass
    return image + image


def takes_its_time(image):
    """Use a twentieth of a second of processor time on a volume."""
    begun = time.process_time()
    while image.ndim == 3 and time.process_time() < begun + 0.05:
        pass
    return image + image
