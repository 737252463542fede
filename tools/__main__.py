"""What maintainers run through nox: `nox -s changes` and `nox -s upgrade`."""

from __future__ import annotations

import sys

import changes
import upgrade

if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    sys.exit({"changes": changes.main, "upgrade": upgrade.main}[command](arguments))
