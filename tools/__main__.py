"""What maintainers run through nox: `nox -s changes`, `nox -s libraries`, `nox -s upgrade`."""

from __future__ import annotations

import sys

import libraries

import changes
import upgrade

if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    commands = {"changes": changes.main, "libraries": libraries.main, "upgrade": upgrade.main}
    sys.exit(commands[command](arguments))
