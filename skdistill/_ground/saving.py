"""Files are written beside their place and then moved there: an old one is whole until then."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

__all__ = ["check_writable", "replacing", "same_file", "save_text"]

# A file on which another file system is mounted can be written to, but not replaced.
MOUNTED = (errno.EBUSY, errno.EXDEV)


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a path to write to; it takes the place of `path` when all went well.

    Until then, and after any failure or interrupt, `path` is what it was, and nothing is left
    behind. A symbolic link stays one: the file that it points to is replaced, and keeps its
    permissions. What is no regular file (a pipe, ``/dev/stdout``) is written to as it is.

    Parameters
    ----------
    path : str or pathlib.Path
        The file to write, there or not.

    Yields
    ------
    new : pathlib.Path
        In a temporary folder beside it, of the same name.

    Raises
    ------
    OSError
        If `path` cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     place = Path(folder, "notes.txt")
    ...     with replacing(place) as new:
    ...         _ = new.write_text("whole")
    ...     place.read_text()
    'whole'
    """
    target = _target(path)
    if target.exists() and not target.is_file():
        yield target
        return
    with _folder_beside(target) as folder:
        new = Path(folder, target.name)
        yield new
        with new.open("rb+") as written:
            os.fsync(written.fileno())  # a disk that is full may say so only now
        if target.exists():
            shutil.copymode(target, new)
        _move(new, target)


def save_text(path: str | Path, text: str) -> None:
    """Write a text in UTF-8 by `replacing`."""
    with replacing(path) as new:
        new.write_text(text, encoding="utf-8")


def check_writable(path: str | Path) -> None:
    """Raise OSError if `replacing` could not write `path`; nothing is changed.

    Parameters
    ----------
    path : str or pathlib.Path

    Raises
    ------
    OSError
        If it is a folder or may not be written to, if there is no folder to write it in, or if
        files of this name cannot be made there.
    """
    target = _target(path)
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if target.exists() and not target.is_file():
        _refuse_protected(target)
        return
    with _folder_beside(target) as folder:
        Path(folder, target.name).touch()


def same_file(one: str | Path, other: str | Path) -> bool:
    """Return whether two paths are one file: by links of either kind, or before it is there."""
    one, other = Path(one), Path(other)
    if one.exists() and other.exists():
        return one.samefile(other)
    return _target(one) == _target(other)


def _target(path: str | Path) -> Path:
    return Path(os.path.realpath(path))


@contextmanager
def _folder_beside(target: Path) -> Iterator[str]:
    """Make a temporary folder on the file system of `target`; errors name the target."""
    _refuse_protected(target)
    try:
        folder = TemporaryDirectory(prefix=".skdistill-", dir=target.parent)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(target)) from error
    with folder as name:
        yield name


def _refuse_protected(target: Path) -> None:
    """Raise PermissionError for a file that may not be written: a move would not ask."""
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))


def _move(new: Path, target: Path) -> None:
    try:
        new.replace(target)
    except OSError as error:
        if error.errno not in MOUNTED:
            raise
        shutil.copyfile(new, target)
