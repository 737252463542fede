"""Writes a package's files to disk: all of them, or none.

The new folder is built next to the old one, with hard links to files that don't change, and
replaces the old one in one step. If a build is interrupted at any time, the package is complete,
either the old one or the new one. The next build removes what an interrupted build left behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

import msgspec

from voxbind_build.common.scratch import remove_abandoned
from voxbind_build.verify.caches import FOLDER as _IGNORED
from voxbind_build.verify.caches import planted
from voxbind_build.verify.package_lock import locked

__all__ = [
    "CATALOGUE",
    "PACKAGE",
    "Changes",
    "OutputError",
    "Product",
    "claimed",
    "differing",
    "exists",
    "foreign",
    "is_below",
    "links",
    "planted",
    "prepare",
    "unwritable",
    "write",
]


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """The files that `write` changed or left as they were, by path relative to the package."""

    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()


class OutputError(OSError):
    """An output folder that can't be written, or has files that voxbind didn't write."""


class Product(msgspec.Struct, frozen=True):
    """What a command writes to a folder, in the words of its error messages."""

    noun: str
    again: str
    """What to do when the cause is removed."""
    elsewhere: str
    """Where else it can be written; empty, or ends with a comma and a space."""
    kept: str
    """What is kept if a disk is full; empty, or begins with a comma."""


PACKAGE = Product(
    noun="package",
    again="build again",
    elsewhere="make a wheel with --wheel, ",
    kept=", and what was measured is kept",
)
CATALOGUE = Product(noun="catalogue", again="run `voxbind catalog` again", elsewhere="", kept="")

_FULL = {
    errno.ENOSPC: "Free space on its disk",
    errno.EDQUOT: "Free some of your disk quota",
    errno.EFBIG: "Raise the limit on the size of a file (`ulimit -f`)",
}
"""What helps if a disk has no more to give, by the error's number."""


def unwritable(place: Path, error: OSError, product: Product = PACKAGE) -> OutputError:
    """Return the error for a place that can't be written, with what to do about it."""
    if full := _FULL.get(error.errno or 0):
        cure, kept = f"{full} and {product.again}", product.kept
    else:
        cure, kept = (
            f"Give --out a folder that you may write, {product.elsewhere}or change the rights of "
            "this one",
            "",
        )
    return OutputError(
        f"{place} can't be written ({error.strerror or error}). {cure}; the {product.noun} is as "
        f"it was{kept}."
    )


@contextlib.contextmanager
def claimed(
    out: Path,
    say: Callable[[str], None],
    *,
    is_file: bool = False,
    product: Product = PACKAGE,
) -> Iterator[None]:
    """Keep a package for one build, from reading the old one to writing the new one.

    Parameters
    ----------
    out
        The package's folder.
    say
        Is called with one sentence if another build has to be waited for.
    is_file
        Whether `out` is a file that is written in place of a package.
    product
        What is written, for messages.

    Raises
    ------
    OutputError
        If the folder can't be written, or a disk is full.
    """
    out = out.resolve()
    with contextlib.ExitStack() as stack:
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(out, say, product.noun))
        except OSError as error:
            raise unwritable(out, error, product) from error
        remove_abandoned()
        if not is_file:
            prepare(out, product)
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise unwritable(Path(error.filename or out), error, product) from error
            raise


def prepare(out: Path, product: Product = PACKAGE) -> None:
    """Check that a folder can be written, and clean up after an interrupted build.

    Parameters
    ----------
    out
        The package's folder, which needn't exist.
    product
        What is written, for messages.

    Only one process at a time may call this, and `write`: see `claimed`.

    Raises
    ------
    OutputError
        If the folder, or its parent, can't be written.
    """
    out = out.resolve()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.exists() and not out.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "is a file, not a folder", str(out))
        _recover(out)
        _new(out).mkdir()
        _new(out).rmdir()
        if out.is_dir() and not os.access(out, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "can't be written", str(out))
    except OSError as error:
        raise unwritable(out, error, product) from error


def differing(files: Mapping[str, str | bytes], out: Path) -> tuple[str, ...]:
    """Return the paths of the files that are missing or different on disk, sorted.

    A path that goes through a symbolic link counts as different, whatever the link leads to.

    Parameters
    ----------
    files
        Texts, or bytes, by POSIX path relative to `out`.
    out
        The package's folder.
    """
    linked = links(out)
    return tuple(
        sorted(
            path
            for path, content in files.items()
            if is_below(path, linked) or _bytes(out / path) != _encoded(content)
        )
    )


def links(out: Path) -> tuple[str, ...]:
    """Return the symbolic links below a folder, to files and to folders, sorted."""
    return tuple(path for path in _on_disk(out) if (out / path).is_symlink())


def is_below(path: str, links: Collection[str]) -> bool:
    """Return whether a path is a link, or goes through one.

    Parameters
    ----------
    path
        A POSIX path.
    links
        Paths of symbolic links, relative to the same folder.
    """
    return any(f"{path}/".startswith(f"{link}/") for link in links)


def exists(path: Path) -> bool:
    """Return whether a path exists, even as a link that leads nowhere."""
    return os.path.lexists(path)


def foreign(out: Path, owned: Collection[str]) -> tuple[str, ...]:
    """Return the files in a folder that voxbind didn't write, sorted.

    Caches are left out, and so are links in place of a folder, which `links` returns.

    Parameters
    ----------
    out
        The package's folder.
    owned
        Paths of the files that voxbind wrote, or will write.
    """
    folders = {str(folder) for path in owned for folder in PurePosixPath(path).parents}
    return tuple(
        path
        for path in _on_disk(out)
        if path not in owned and not (path in folders and (out / path).is_symlink())
    )


def write(
    files: Mapping[str, str | bytes],
    out: Path,
    owned: Collection[str] = (),
    product: Product = PACKAGE,
) -> Changes:
    """Write files to a folder, and remove all others that an earlier build wrote.

    Files that don't change keep their inode and time. If no file changes, the folder isn't
    touched.

    Parameters
    ----------
    files
        Texts, or bytes, by POSIX path relative to `out`.
    out
        The package's folder.
    owned
        Paths that an earlier build wrote, and that may be removed.
    product
        What is written, for messages.

    Raises
    ------
    OutputError
        If the folder can't be written, or has files that no build wrote.
    ValueError
        If a path leads outside the folder.
    """
    out = out.resolve()
    _check_paths(files)
    if foreign_files := foreign(out, {*files, *owned}):
        raise OutputError(
            f"{out} has files that voxbind didn't write: {', '.join(foreign_files[:5])}"
            f"{', ...' if len(foreign_files) > 5 else ''}. Move them elsewhere and "
            f"{product.again}. The {product.noun} is unchanged."
        )
    written = differing(files, out)
    removed = (*(path for path in _on_disk(out) if path not in files), *planted(out))
    unchanged = tuple(sorted(files.keys() - set(written)))
    if written or removed:
        try:
            _recover(out)
            _build(files, out, unchanged)
            _exchange(out)
            _remove(_new(out))
        except OSError as error:
            with contextlib.suppress(OSError):
                _recover(out)
            raise unwritable(out, error, product) from error
    return Changes(written=written, removed=removed, unchanged=unchanged)


def _new(out: Path) -> Path:
    return out.with_name(f".{out.name}.new")


def _old(out: Path) -> Path:
    return out.with_name(f".{out.name}.old")


def _check_paths(files: Mapping[str, str | bytes]) -> None:
    for path in files:
        parts = PurePosixPath(path).parts
        if not parts or PurePosixPath(path).is_absolute() or ".." in parts:
            raise ValueError(f"{path!r} isn't a path inside the package")


def _encoded(content: str | bytes) -> bytes:
    return content.encode("utf-8") if isinstance(content, str) else content


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:  # it is missing, is a folder, or can't be read
        return None


def _on_disk(out: Path) -> list[str]:
    """Return the files, and the links to folders, in a folder, except caches."""
    paths = []
    for folder, folders, names in os.walk(out):
        folders[:] = [name for name in folders if name != _IGNORED]
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        paths += [(Path(folder) / name).relative_to(out).as_posix() for name in names + links]
    return sorted(paths)


def _build(files: Mapping[str, str | bytes], out: Path, unchanged: Collection[str]) -> None:
    new = _new(out)
    new.mkdir()
    if out.exists():
        shutil.copymode(out, new)
    for path, content in files.items():
        target = new / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if path in unchanged:
            _link(out / path, target)
        else:
            target.write_bytes(_encoded(content))


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)


def _exchange(out: Path) -> None:
    """Replace the package's folder by the new one; the old one is then at `_new`."""
    new, old = _new(out), _old(out)
    if not out.exists():
        new.rename(out)
    elif not _rename_exchange(new, out):
        # Between these two steps there is no package; `_recover` undoes the first step.
        out.rename(old)
        new.rename(out)
        _remove(old)


def _rename_exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step; return False if the system can't do that."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:  # an old C library, which lacks the function
        return False
    at_fdcwd, rename_exchange = -100, 2
    if renameat2(at_fdcwd, os.fsencode(one), at_fdcwd, os.fsencode(other), rename_exchange) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):  # the file system can't swap
        return False
    raise OSError(code, os.strerror(code), str(other))


def _recover(out: Path) -> None:
    """Restore the package after an interrupted build, and remove its temporary folders."""
    old = _old(out)
    if old.exists() and not out.exists():
        old.rename(out)
    _remove(old)
    _remove(_new(out))


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
