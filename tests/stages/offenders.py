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
    subprocess.Popen(["sleep", "3600.0125"])
    return image


def starts_processes_and_dies(image):
    subprocess.Popen(["sleep", "3600.0125"])
    os.abort()
