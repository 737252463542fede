"""Makes one picture in the present process, with the limits of a measurement."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from voxbind_build.catalog.pictures.call import Picture, PictureTask, picture
from voxbind_build.probe.invoke import tell_error
from voxbind_build.probe.sandbox.confinement import Limits, limit, settle, silence

__all__ = ["picture_apart"]


def picture_apart(task: PictureTask, folder: Path, limits: Limits) -> Picture:
    """Make the picture of one function; a limit ends the process.

    Parameters
    ----------
    task
        The function.
    folder
        An empty folder for its files.
    limits
        Its limits.
    """
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        silence()
        limit(limits)
        settle(folder, task.probe.memory_type)
        signal.setitimer(signal.ITIMER_PROF, limits.seconds)
        return picture(task)
    except BaseException as error:
        return Picture(failure=f"The function can't be called here: {tell_error(error)}")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
