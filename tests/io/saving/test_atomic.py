"""A file is written whole or not at all, and a refusal is one sentence."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.saving.atomic import make_folder, replacing, write_text


def test_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    with replacing(target) as draft:
        draft.write_text("half")
        assert not target.exists()
        assert (draft.parent, draft.suffix) == (tmp_path, ".csv")
    assert target.read_text() == "half"
    assert list(tmp_path.iterdir()) == [target]


def test_failure_keeps_the_old_file_and_no_litter(tmp_path: Path) -> None:
    target = write_text(tmp_path / "table.csv", "old")

    def break_down() -> None:
        with replacing(target) as draft:
            draft.write_text("new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_down()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_program_left_goes_after_a_day(tmp_path: Path) -> None:
    for name in (".table-01234567.csv", ".table-89abcdef.csv", ".table-of-mine.csv"):
        (tmp_path / name).touch()
    for name in (".table-01234567.csv", ".table-of-mine.csv"):
        os.utime(tmp_path / name, (1, 1))
    target = write_text(tmp_path / "table.csv", "new")
    assert set(tmp_path.iterdir()) == {
        target,
        *map(tmp_path.joinpath, (".table-89abcdef.csv", ".table-of-mine.csv")),
    }


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (errno.ENOSPC, r"^The disk is full; .*table\.csv was not written: free some space"),
        (errno.EDQUOT, "^The disk is full"),
        (errno.EACCES, r"^There is no permission to write .*table\.csv: choose a folder"),
        (errno.EROFS, "^There is no permission to write"),
        (errno.EIO, r"could not be written \(Input/output error\)"),
    ],
)
def test_refusals_are_sentences_and_leave_the_old_file(
    tmp_path: Path, code: int, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = write_text(tmp_path / "table.csv", "old")

    def fail(self: Path, *_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code), str(self))

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(SciMLError, match=sentence):
        write_text(target, "new")
    monkeypatch.undo()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's always-full device")
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    def fill() -> None:
        with replacing(tmp_path / "table.csv") as draft:
            draft.symlink_to("/dev/full")
            draft.write_text("x" * 10000)

    with pytest.raises(SciMLError, match="The disk is full"):
        fill()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(SciMLError, match="no permission to write"):
        write_text(tmp_path / "table.csv", "new")
    tmp_path.chmod(0o700)


def test_absent_folder_and_file_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(SciMLError, match=r"The folder .*absent does not exist"):
        write_text(tmp_path / "absent" / "table.csv", "new")
    write_text(tmp_path / "busy", "a file")
    with pytest.raises(SciMLError, match="something else has that name"):
        make_folder(tmp_path / "busy" / "below")
    assert make_folder(tmp_path / "a" / "b").is_dir()
