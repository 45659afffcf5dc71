"""What is unpacked stays within its folder and its bounds."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from catalog.importers.report import ImportFileError
from catalog.uploads import packing
from catalog.uploads.packing import check_pictures, unpack_pictures
from catalog.uploads.storage import PieceMisplaced, append_piece


def pack(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_pictures_are_unpacked_below_their_folder_and_nothing_else_is(tmp_path):
    files = {
        "a.png": b"a",
        "in/b.JPG": b"b",
        "../out.png": b"c",
        "/root.png": b"d",
        "run.sh": b"e",
        "__MACOSX/x.png": b"f",
    }
    path, folder = pack(tmp_path / "p.zip", files), tmp_path / "pictures"
    folder.mkdir()
    unpack_pictures(path, folder)
    found = {str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*") if one.is_file()}
    assert found == {"p.zip", "pictures/a.png", "pictures/in/b.JPG", "pictures/root.png"}


def test_a_bomb_is_refused_and_a_picture_that_is_too_large_left_out(tmp_path, monkeypatch):
    path, folder = pack(tmp_path / "p.zip", {"a.png": b"0" * 5000, "b.png": b"1" * 10}), tmp_path / "pictures"
    folder.mkdir()
    monkeypatch.setattr(packing, "MAX_PICTURE_BYTES", 100)
    unpack_pictures(path, folder)
    assert [one.name for one in folder.iterdir()] == ["b.png"]
    monkeypatch.undo()
    monkeypatch.setattr(packing, "FREE_BYTES", 0)
    monkeypatch.setattr(packing, "MAX_UNPACKED", 1)
    with pytest.raises(ImportFileError, match="far more than itself"):
        unpack_pictures(path, folder)


@pytest.mark.parametrize(
    ("files", "said"),
    [({"a.txt": b"x"}, "holds no picture"), ({f"{n}.png": b"x" for n in range(4)}, "more than 3 files")],
)
def test_a_zip_without_pictures_or_with_too_many_files_says_so(tmp_path, monkeypatch, files, said):
    monkeypatch.setattr(packing, "MAX_MEMBERS", 3)
    with pytest.raises(ImportFileError, match=said):
        check_pictures(pack(tmp_path / "p.zip", files))


def test_what_is_no_zip_says_so(tmp_path):
    (tmp_path / "p.zip").write_bytes(b"PK no zip")
    with pytest.raises(ImportFileError, match="damaged"):
        check_pictures(tmp_path / "p.zip")


def test_a_piece_follows_what_came_before_and_takes_the_place_of_what_was_broken_off(tmp_path):
    path = tmp_path / "file"
    assert append_piece(path, [b"abc", b"def"], at=0) == 6
    assert append_piece(path, [b"XY"], at=3) == 5
    assert path.read_bytes() == b"abcXY"
    with pytest.raises(PieceMisplaced):
        append_piece(path, [b"z"], at=6)
    assert path.read_bytes() == b"abcXY"
