"""A folder holds one set of files, the old or the new one; files of others stay."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.locks import held, is_held
from napari_sciml.io.saving import file_sets, final_names
from napari_sciml.io.saving.file_sets import SetPaths, new_set, open_set


def save(folder: Path, text: str, *names: str, formerly: tuple[str, ...] = ()) -> SetPaths:
    with new_set(folder, formerly=formerly) as draft:
        draft.inner("candidates.txt").write_text(text)
        for name in names:
            draft.outer(name).write_text(f"{text} {name}")
        draft.record = {"format_version": 2, "text": text}
    return draft.saved


def tree(folder: Path) -> dict[str, str]:
    """Every file outside the file_sets, with its text."""
    files = (path for path in folder.rglob("*") if path.is_file())
    outside = {path.relative_to(folder).as_posix(): path.read_text() for path in files}
    return {name: text for name, text in outside.items() if not name.startswith(("run-data/", "run.json"))}


def whole(text: str, *names: str) -> dict[str, str]:
    return {name: f"{text} {name}" for name in names}


def test_a_set_opens_as_it_was_saved(tmp_path: Path) -> None:
    saved = save(tmp_path / "a" / "b", "one", "findings.csv", "box/m1.box")
    opened = open_set(tmp_path / "a" / "b")
    assert opened == saved
    assert opened.record == {"format_version": 2, "text": "one"}
    assert opened.inner("candidates.txt").read_text() == "one"
    assert opened.names() == ("box/m1.box", "findings.csv")
    assert tree(opened.folder) == whole("one", "findings.csv", "box/m1.box")
    assert json.loads(opened.pointer.read_text())["set"] == f"run-data/{opened.home.name}"
    assert sorted(path.name for path in opened.home.iterdir()) == ["candidates.txt", "manifest.json"]


def test_the_next_set_leaves_nothing_of_the_one_before(tmp_path: Path) -> None:
    save(tmp_path, "one", "findings.csv", "map.mrc", "box/m1.box")
    (tmp_path / "mine.txt").write_text("mine")
    second = save(tmp_path, "two", "findings.csv", "points.csv")
    assert tree(tmp_path) == whole("two", "findings.csv", "points.csv") | {"mine.txt": "mine"}
    assert not (tmp_path / "box").exists()
    assert list((tmp_path / "run-data").iterdir()) == [second.home]
    assert second.notes == ()


def test_a_failed_save_changes_nothing(tmp_path: Path) -> None:
    first = save(tmp_path, "one", "findings.csv")

    def fail(folder: Path) -> None:
        with new_set(folder) as draft:
            draft.outer("findings.csv").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail(tmp_path)
    assert open_set(tmp_path) == first
    assert list((tmp_path / "run-data").iterdir()) == [first.home]
    with pytest.raises(ZeroDivisionError):
        fail(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_what_a_person_changed_is_kept(tmp_path: Path) -> None:
    save(tmp_path, "one", "findings.csv", "points.csv", "map.mrc")
    for name in ("findings.csv", "map.mrc"):
        (tmp_path / name).write_text("by hand")
    saved = save(tmp_path, "two", "findings.csv")
    assert tree(tmp_path) == {
        "findings.csv": "two findings.csv",
        "findings.changed.csv": "by hand",
        "map.mrc": "by hand",
    }
    assert saved.notes == (
        "findings.csv had been changed since it was saved; that version is now findings.changed.csv",
        "map.mrc is of an earlier save, but has been changed since and stays",
    )
    (tmp_path / "findings.csv").write_text("by hand again")
    save(tmp_path, "three", "findings.csv")
    assert (tmp_path / "findings.changed-2.csv").read_text() == "by hand again"


def test_a_file_of_others_is_neither_overwritten_nor_moved(tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "m1.box").write_text("by hand")
    for text in ("one", "two"):
        saved = save(tmp_path, text, "box/m1.box")
        assert tree(tmp_path) == {"box/m1.box": "by hand", "box/m1.sciml.box": f"{text} box/m1.box"}
        assert saved.outer("box/m1.box") == tmp_path / "box" / "m1.sciml.box"
        assert saved.notes == (
            "box/m1.box was there before and stays as it was; the new one is box/m1.sciml.box",
        )


def test_a_copy_of_the_folder_is_a_set_too(tmp_path: Path) -> None:
    save(tmp_path / "here", "one", "findings.csv", "points.csv")
    (tmp_path / "here").rename(tmp_path / "there")
    for name in ("findings.csv", "points.csv"):
        os.utime(tmp_path / "there" / name, (1, 1))
    save(tmp_path / "there", "two", "findings.csv")
    assert tree(tmp_path / "there") == whole("two", "findings.csv")


FORMER = ("run.json", "findings.csv", "map.mrc", "points.csv", "box/*.box")


def test_files_of_an_earlier_version_go(tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    for name in ("findings.csv", "map.mrc", "box/m1.box", "box/by_hand.box", "notes.txt"):
        (tmp_path / name).write_text("old")
    (tmp_path / "run.json").write_text('{"format_version": 1}')
    os.utime(tmp_path / "box" / "by_hand.box", (1, 1))
    os.utime(tmp_path / "map.mrc", (1, 1))
    opened = open_set(tmp_path)
    assert opened.home is None
    assert opened.record == {"format_version": 1}
    assert opened.outer("findings.csv").read_text() == "old"
    saved = save(tmp_path, "new", "findings.csv", formerly=FORMER)
    kept = {"notes.txt": "old", "box/by_hand.box": "old", "map.mrc": "old"}
    assert tree(tmp_path) == whole("new", "findings.csv") | kept
    assert saved.notes == ("map.mrc is of an earlier save, but has been changed since and stays",)


def test_without_an_earlier_record_such_files_are_a_persons(tmp_path: Path) -> None:
    (tmp_path / "findings.csv").write_text("mine")
    save(tmp_path, "new", "findings.csv", formerly=FORMER)
    assert tree(tmp_path) == {"findings.csv": "mine", "findings.sciml.csv": "new findings.csv"}


@pytest.mark.parametrize("text", ["by hand", "[1]", "\xff"])
def test_a_pointer_that_is_none_of_ours_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text, encoding="latin-1")
    with pytest.raises(SciMLError, match=r"run\.json is not a record of a result: choose another folder"):
        save(tmp_path, "one", "findings.csv")
    with pytest.raises(SciMLError, match="is not a record"):
        open_set(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["run.json"]


def test_a_pointer_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SciMLError, match=r"There is no file or folder .*run\.json"):
        open_set(tmp_path)


@pytest.mark.parametrize("where", ["../elsewhere", "run-data/..", "run-data/0009-gone", "/", 3])
def test_a_pointer_to_nowhere_opens_as_what_lies_beside_it(tmp_path: Path, where: object) -> None:
    save(tmp_path / "elsewhere", "one")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "run.json").write_text(json.dumps({"set": where}))
    assert open_set(tmp_path / "here").home is None


class Locked:
    """Stands for a program that has a file open where open files cannot be replaced."""

    def __init__(self, name: str) -> None:
        self.name, self.replace = name, os.replace

    def __call__(self, draft: Path, target: Path) -> None:
        if Path(target).name == self.name:
            raise PermissionError(13, "The process cannot access the file", str(target))
        self.replace(draft, target)


def test_a_file_that_is_open_elsewhere_is_one_sentence_and_is_replaced_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path, "one", "a.csv", "findings.csv", "map.mrc")
    with monkeypatch.context() as patch:
        patch.setattr(final_names.os, "replace", Locked("findings.csv"))
        with pytest.raises(SciMLError, match=r"findings\.csv could not be replaced .*nothing is lost"):
            save(tmp_path, "two", "a.csv", "findings.csv")
        held_up = open_set(tmp_path)
        assert [held_up.outer(name).read_text() for name in held_up.names()] == [
            "two a.csv",
            "two findings.csv",
        ]
    opened = open_set(tmp_path)
    assert opened.record["text"] == "two"
    assert tree(tmp_path) == whole("two", "a.csv", "findings.csv")
    assert list((tmp_path / "run-data").iterdir()) == [opened.home]


def test_an_interrupted_set_opens_where_nothing_may_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_sets, "publish", lambda folder, home: final_names.Manifest.read(home))
    save(tmp_path, "one", "findings.csv")
    monkeypatch.undo()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Read-only")

    with monkeypatch.context() as patch:
        patch.setattr("napari_sciml.core.locks.os.open", refuse)
        opened = open_set(tmp_path)
    assert opened.outer("findings.csv").read_text() == "one findings.csv"
    assert tree(tmp_path) == {}
    open_set(tmp_path)
    assert tree(tmp_path) == whole("one", "findings.csv")


def test_two_at_once_and_the_later_one_remains(tmp_path: Path) -> None:
    names = [f"{number}.csv" for number in range(5)]

    def work(text: str) -> None:
        for _ in range(8):
            save(tmp_path, text, *names, f"{text}.txt")

    others = [threading.Thread(target=work, args=(text,)) for text in ("one", "two", "three")]
    for other in others:
        other.start()
    while any(other.is_alive() for other in others):
        if (tmp_path / "run.json").exists():
            open_set(tmp_path)
    for other in others:
        other.join()
    text = str(open_set(tmp_path).record["text"])
    assert tree(tmp_path) == whole(text, *names, f"{text}.txt")
    assert len(list((tmp_path / "run-data").iterdir())) == 1


def test_a_draft_in_work_is_left_alone_and_a_dead_one_goes(tmp_path: Path) -> None:
    (tmp_path / "run-data" / "0001-dead").mkdir(parents=True)
    with new_set(tmp_path) as slow:
        assert not (tmp_path / "run-data" / "0001-dead").exists()
        save(tmp_path, "quick", "findings.csv", "quick.csv")
        slow.outer("findings.csv").write_text("slow findings.csv")
        slow.record = {"text": "slow"}
    assert tree(tmp_path) == whole("slow", "findings.csv")


def test_whoever_waits_too_long_for_the_folder_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_sets, "WAIT_S", 0.2)
    start = time.monotonic()
    with (
        held(tmp_path / "run-data" / "lock"),
        pytest.raises(SciMLError, match="Another program has been saving into"),
    ):
        save(tmp_path, "one")
    assert time.monotonic() - start < 5


def test_a_lock_is_held_once_and_leaves_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "deep" / "lock"
    with held(lock) as first, held(lock) as second:
        assert (first, second, is_held(lock)) == (True, False, True)
    assert not is_held(lock)
    assert list(lock.parent.iterdir()) == []
