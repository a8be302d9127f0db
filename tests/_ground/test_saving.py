"""Files are whole or as they were: failures and interrupts in the middle of writing."""

import errno
import os
from pathlib import Path

import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledClassifier
from skdistill._ground import saving
from skdistill._ground.saving import check_writable, replacing, same_file, save_text


def names(folder: Path) -> list[str]:
    """Return all names in a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file with an old text, alone in a folder."""
    path = tmp_path / "old.txt"
    path.write_text("old")
    return path


def test_a_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    save_text(tmp_path / "new.txt", "päper")
    (tmp_path / "other.txt").touch()
    assert (tmp_path / "new.txt").read_text(encoding="utf-8") == "päper"
    assert (tmp_path / "new.txt").stat().st_mode == (tmp_path / "other.txt").stat().st_mode
    assert names(tmp_path) == ["new.txt", "other.txt"]


def test_an_old_file_keeps_its_permissions(old: Path) -> None:
    old.chmod(0o600)
    save_text(old, "new")
    assert old.read_text() == "new"
    assert old.stat().st_mode & 0o777 == 0o600


FAILURES = [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), SystemExit()]


@pytest.mark.parametrize("error", FAILURES)
def test_the_old_file_survives(old: Path, error: BaseException) -> None:
    def half() -> None:
        with replacing(old) as new:
            new.write_text("ne")
            raise error

    with pytest.raises(type(error)):
        half()
    assert old.read_text() == "old"
    assert names(old.parent) == ["old.txt"]


@pytest.mark.parametrize("error", FAILURES)
def test_an_old_report_survives(tmp_path: Path, error: BaseException, monkeypatch, binary) -> None:
    X, y = binary
    student = DecisionTreeRegressor(max_depth=2)
    record = DistilledClassifier(GaussianNB(), student, strength=0.5).fit(X, y).report_
    page = tmp_path / "page.html"
    record.save(page)
    before = page.read_bytes()

    def half(path: Path, text: str, **_: object) -> None:
        path.write_bytes(text[:9].encode())
        raise error

    monkeypatch.setattr(saving.Path, "write_text", half)
    with pytest.raises(type(error)):
        record.save(page)
    assert page.read_bytes() == before
    assert names(tmp_path) == ["page.html"]


def test_a_disk_that_is_full_at_the_end(old: Path, monkeypatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        save_text(old, "new")
    assert old.read_text() == "old"
    assert names(old.parent) == ["old.txt"]


def test_a_link_stays_a_link(old: Path) -> None:
    link = old.parent / "link.txt"
    link.symlink_to(old)
    save_text(link, "new")
    assert link.is_symlink()
    assert old.read_text() == "new"


def test_other_names_of_a_file_keep_what_they_had(old: Path) -> None:
    (old.parent / "other.txt").hardlink_to(old)
    save_text(old, "new")
    assert (old.parent / "other.txt").read_text() == "old"


def test_what_is_no_regular_file_is_written_to() -> None:
    save_text(os.devnull, "gone")
    check_writable(os.devnull)
    assert not Path(os.devnull).is_file()


def test_a_file_that_cannot_be_replaced_is_filled(old: Path, monkeypatch) -> None:
    """As one that a container mounts by itself."""

    def busy(*_: object) -> None:
        raise OSError(errno.EBUSY, "busy")

    monkeypatch.setattr(saving.Path, "replace", busy)
    save_text(old, "new")
    assert old.read_text() == "new"
    assert names(old.parent) == ["old.txt"]


def test_protected_files_and_folders(old: Path, monkeypatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # the tests may run as root
    for write in (check_writable, lambda path: save_text(path, "new")):
        with pytest.raises(PermissionError, match=r"old\.txt"):
            write(old)
    assert old.read_text() == "old"


def test_a_folder_that_takes_no_files(tmp_path: Path, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "denied", "some temporary name")

    monkeypatch.setattr(saving, "TemporaryDirectory", refuse)
    with pytest.raises(PermissionError, match=r"a\.txt"):
        check_writable(tmp_path / "a.txt")


def test_places_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        check_writable(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no.*a\.txt"):
        save_text(tmp_path / "no" / "a.txt", "new")
    with pytest.raises(OSError, match="long"):
        check_writable(tmp_path / ("x" * 300))
    assert names(tmp_path) == []


def test_one_file_by_two_names(old: Path) -> None:
    (old.parent / "hard.txt").hardlink_to(old)
    (old.parent / "soft.txt").symlink_to(old)
    for name in ("hard.txt", "soft.txt", "../" + old.parent.name + "/old.txt"):
        assert same_file(old, old.parent / name)
    assert not same_file(old, old.parent / "new.txt")
    assert same_file(old.parent / "new.txt", old.parent / "." / "new.txt")
