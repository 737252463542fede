"""A digest that is stored in the file whose bytes it protects.

The digest is the first field of the file's JSON object. It is computed over the bytes of the file
with the digest's own value left empty, so that it can be checked without knowing the other fields.
"""

from __future__ import annotations

import hashlib
import re

_DIGEST = re.compile(rb'\A(\{\s*"digest":\s*")([^"]*)(")')


def sha256(content: str | bytes) -> str:
    """Return the digest of a text, or of bytes, in the form ``sha256:...``."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    return "sha256:" + hashlib.sha256(data).hexdigest()


def sealed(text: str) -> str:
    """Return the text of a JSON object with its digest inserted.

    Parameters
    ----------
    text
        A JSON object whose first field is ``"digest"``, with any value.

    Raises
    ------
    ValueError
        If ``"digest"`` isn't the first field.
    """
    data, count = _DIGEST.subn(rb"\1\3", text.encode("utf-8"))
    if not count:
        raise ValueError("the first field of a sealed file must be its digest")
    digest = sha256(data).encode("ascii")
    return _DIGEST.sub(rb"\g<1>" + digest + rb"\3", data).decode("utf-8")


def is_sealed(data: bytes) -> bool:
    """Return whether the bytes of a file begin with a digest."""
    return _DIGEST.match(data) is not None


def seal_holds(data: bytes) -> bool:
    """Return whether the digest in a file matches the file's bytes."""
    place = _DIGEST.match(data)
    return place is not None and sha256(_DIGEST.sub(rb"\1\3", data)).encode("ascii") == place[2]
