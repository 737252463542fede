"""The ``voxbind`` command; says what is missing where the generator's tools aren't installed."""

from __future__ import annotations

import sys

_TOOLS = ("typer", "rich", "msgspec", "libcst", "jinja2", "pebble", "psutil", "mypy", "packaging")


def main() -> int:
    """Run the command line.

    Returns
    -------
    int
        0 where all is fine, 1 where something differs or failed, 2 for wrong usage, 143 after
        SIGTERM.
    """
    try:
        from voxbind_build.cli.app import run

        return run()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _TOOLS:
            raise
        print(
            f"The voxbind command needs {error.name}, which isn't installed: the wrappers work "
            "without it, building and looking them up doesn't. "
            "Run: pip install 'voxbind[build]'",
            file=sys.stderr,
        )
        return 1


if __name__ == "__main__":
    sys.exit(main())
