"""Result folders are there whole or not at all, and nothing is overwritten."""

import errno
import os

import pytest

from scenarios.errors import UsageError
from scenarios.folder import Draft, check_writable, point_latest, read_latest, write_whole, writing


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_folder_appears_whole_under_its_name_and_latest_points_at_it(tmp_path):
    with Draft(tmp_path / "runs") as draft:
        draft.text("result.json", "{}")
        assert not (tmp_path / "runs" / "x").exists()
        place = draft.finish("x")
    assert (place / "result.json").read_text() == "{}"
    assert names(tmp_path / "runs") == ["latest", "x"]
    assert (tmp_path / "runs" / "latest" / "result.json").is_file()


def test_second_folder_of_a_name_gets_a_number(tmp_path):
    for content in ("1", "2", "3"):
        with Draft(tmp_path) as draft:
            draft.text("f", content)
            draft.finish("x")
    assert names(tmp_path) == ["latest", "x", "x-2", "x-3"]
    assert [(tmp_path / name / "f").read_text() for name in ("x", "x-2", "x-3")] == ["1", "2", "3"]
    assert (tmp_path / "latest" / "f").read_text() == "3"


def test_full_disk_leaves_nothing_half_written_and_says_so_on_one_line(tmp_path):
    def write():
        with Draft(tmp_path) as draft:
            draft.text("first", "whole")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(UsageError, match=r"cannot write .*: no space left on device"):
        write()
    assert names(tmp_path) == []


def test_interrupt_leaves_nothing_half_written(tmp_path):
    def write():
        with Draft(tmp_path) as draft:
            draft.text("first", "whole")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert names(tmp_path) == []


def test_latest_is_a_text_file_where_links_fail(tmp_path, monkeypatch):
    (tmp_path / "x").mkdir()

    def fail(*_args, **_options):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr("pathlib.Path.symlink_to", fail)
    point_latest(tmp_path / "x")
    assert (tmp_path / "latest").read_text() == "x\n"
    assert read_latest(tmp_path / "latest") == tmp_path / "x"


@pytest.mark.parametrize("place", ["/dev/null/runs", "/proc/runs"])
def test_folder_that_cannot_be_written_is_refused_at_once(place):
    if not os.path.exists(os.path.dirname(place)):  # noqa: PTH110, PTH120  # a path of strings
        pytest.skip("this system has no such place")
    from pathlib import Path

    with pytest.raises(UsageError, match=f"cannot write {place}: "):
        check_writable(Path(place))


def test_file_is_replaced_whole_or_stays_as_it_was(tmp_path):
    path = tmp_path / "f"
    write_whole(path, b"before")

    def fail():
        with writing(path) as file:
            file.write(b"aft")
            raise OSError(errno.ENOSPC, "no space left on device")

    with pytest.raises(UsageError):
        fail()
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["f"]
