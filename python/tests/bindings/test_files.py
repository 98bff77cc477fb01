"""Files that are whole or not there."""

import errno
import os
import stat

import pytest

from spinnprop._support.files import replaced


def test_a_link_stays_and_leads_to_the_new_file(tmp_path):
    (tmp_path / "file").write_text("old")
    os.symlink("file", tmp_path / "link")
    with replaced(str(tmp_path / "link")) as part:
        with open(part, "w") as file:
            file.write("new")
    assert (tmp_path / "file").read_text() == "new" and os.path.islink(tmp_path / "link")


def test_what_is_no_file_is_left_alone(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no file that could be replaced; give another path"):
        with replaced(str(tmp_path / "pipe")):
            raise AssertionError("nothing is written")
    assert stat.S_ISFIFO(os.stat(tmp_path / "pipe").st_mode)


@pytest.mark.parametrize("kind", [str, os.fsencode])
def test_what_the_system_would_not_open_is_refused(kind, tmp_path):
    (tmp_path / "old").write_text("old")
    os.symlink("loop", tmp_path / "loop")
    for name, code in (("old/", errno.EISDIR), ("new/", errno.EISDIR), ("loop", errno.ELOOP)):
        path = os.path.join(str(tmp_path), name)
        with pytest.raises(OSError) as caught:
            with replaced(kind(path)):
                raise AssertionError("nothing is written")
        assert caught.value.errno == code and caught.value.filename == path
    assert (tmp_path / "old").read_text() == "old" and os.path.islink(tmp_path / "loop") and sorted(os.listdir(tmp_path)) == ["loop", "old"]


@pytest.mark.parametrize("kind", [str, os.fsencode])
def test_what_cannot_be_written_is_named_as_it_was_given(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for path, error in ((os.path.join("missing", "file"), FileNotFoundError), ("folder", IsADirectoryError)):
        with pytest.raises(error) as caught:
            with replaced(kind(path)) as part, open(part, "w"):
                pass
        assert str(caught.value).endswith(f": {path!r}") and ".part" not in str(caught.value)
    # Another file's error is its own.
    with pytest.raises(FileNotFoundError, match="elsewhere"):
        with replaced(kind("file")):
            open("elsewhere")
    assert os.listdir(tmp_path) == ["folder"]


def test_a_mistake_leaves_the_old_one(tmp_path):
    (tmp_path / "file").write_text("old")
    with pytest.raises(KeyError):
        with replaced(str(tmp_path / "file")) as part:
            open(part, "w").close()
            raise KeyError
    assert (tmp_path / "file").read_text() == "old" and os.listdir(tmp_path) == ["file"]
