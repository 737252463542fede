"""What decides a measurement, as one number."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_ELSEWHERE = frozenset(
    {
        *("__init__.py", "agreement.py", "ahead.py", "confinement.py", "cuda.py"),
        *("fingerprint.py", "landlock.py", "sandbox.py"),
    }
)


@cache
def method_fingerprint() -> str:
    """Hash the files that decide what is measured: a changed method measures again.

    Returns
    -------
    str
        SHA-256 over this package's modules and tables; not among them are the sandbox, which
        only decides where functions run, and what `voxbind record` alone needs.
    """
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted([*folder.glob("*.py"), *folder.glob("*.toml")]):
        if path.name not in _ELSEWHERE:
            digest.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()
