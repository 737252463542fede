"""Imported once by the server that the sandbox's processes are forked from.

Imports the libraries ahead, so that each process has them at its start. What can't be
imported is left to the process that needs it, where it does no harm to others.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import warnings

AHEAD = "VOXBIND_AHEAD"
"""Environment variable with the modules' names, separated by spaces."""

for _name in os.environ.pop(AHEAD, "").split():
    with (
        contextlib.suppress(BaseException),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(action="ignore"),
    ):
        importlib.import_module(_name)
