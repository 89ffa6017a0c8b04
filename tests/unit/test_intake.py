"""What comes in: types by content, and what an archive holds."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from evidence.errors import BrokenFile, LimitExceeded, PasswordNeeded
from ingest.formats import FORMATS
from ingest.intake import SUPPORTED, clean_path, detect, has_wrong_extension, is_archive, members
from ingest.wire import Limits
from tests.support import files

_OOXML = "application/vnd.openxmlformats-officedocument."
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def _names(path: Path, limits: Limits | None = None) -> list[tuple[str, str]]:
    return [(member.folder, member.name) for member in members(path, limits or Limits())]


def _write(folder: Path, data: bytes) -> Path:
    path = folder / "arsip.zip"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (files.text_pdf(["Pasal 1"]), "application/pdf"),
        (b"\n\n" + files.text_pdf(["Pasal 1"]), "application/pdf"),
        (files.word_file(), _OOXML + "wordprocessingml.document"),
        (files.sheet_file(), _OOXML + "spreadsheetml.sheet"),
        (files.slides_file(), _OOXML + "presentationml.presentation"),
        (files.picture(["a"], "PNG"), "image/png"),
        (files.picture(["a"], "JPEG"), "image/jpeg"),
        (files.picture(["a"], "WEBP"), "image/webp"),
        (files.picture(["a"], "GIF"), "image/gif"),
        (files.tiff(["a"]), "image/tiff"),
        (files.archive({"a.txt": b"isi"}), "application/zip"),
        ("Rapat koordinasi – notulen".encode(), "text/plain"),
        ("Rapat koordinasi – notulen".encode("utf-16"), "text/plain"),
        ("Rapat koordinasi dengan notulen".encode("utf-16-le"), "text/plain"),
        ("Rapat koordinasi – notulen".encode("cp1252"), "text/plain"),
        (b"<!DOCTYPE html><html><body>SOP</body></html>", "text/html"),
        (b'\xef\xbb\xbf\n<table border="1"><tr><td>SOP</td></tr></table>', "text/html"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (_OLE + "WordDocument".encode("utf-16-le") + b"\0\0", "application/msword"),
        (_OLE + "Workbook".encode("utf-16-le") + b"\0\0", "application/vnd.ms-excel"),
        (_OLE + "EncryptedPackage".encode("utf-16-le") + b"\0\0", "application/x-ole-encrypted"),
        (b"MZ\x90\0\3\0\0\0", "application/x-executable"),
        (b"\x7fELF\2\1\1\0", "application/x-executable"),
        (b"wOF2\0\1\0\0", "font/woff"),
        (bytes(range(256)), "application/octet-stream"),
    ],
)
def test_the_type_is_told_by_the_bytes_whatever_the_name_says(data: bytes, mime: str) -> None:
    assert detect(data[: 1 << 20], "dokumen.pdf") == mime


def test_an_archive_that_holds_a_word_file_stays_an_archive() -> None:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr("surat.docx", files.word_file())
    assert is_archive(detect(stored.getvalue(), "arsip.zip"))


def test_an_old_office_file_cut_short_is_told_by_its_name() -> None:
    assert detect(_OLE, "anggaran.xls") == "application/vnd.ms-excel"
    assert detect(_OLE, "anggaran") == "application/x-ole-storage"


def test_a_wrong_extension_is_noticed() -> None:
    assert has_wrong_extension("text/html", "nilai.xls")
    assert has_wrong_extension("application/zip", "arsip.pdf")
    assert not has_wrong_extension("image/jpeg", "FOTO.JPG")
    assert not has_wrong_extension("text/plain", "catatan.log")


def test_the_upload_page_offers_every_format_that_is_read() -> None:
    assert {".pdf", ".docx", ".xlsx", ".pptx", ".png", ".jpg", ".zip"} <= set(SUPPORTED)
    assert set(SUPPORTED) == {ending for _, _, endings in FORMATS.values() for ending in endings} | {".zip"}


def test_members_come_with_their_folders_and_bytes(tmp_path: Path) -> None:
    path = _write(tmp_path, files.archive({"Diskominfo/2025/sk.txt": b"SK Tim", "catatan.txt": b"isi"}))
    found = {}
    for member in members(path, Limits()):
        with member.open() as stream:
            found[member.folder, member.name] = stream.read()
    assert found == {("Diskominfo/2025", "sk.txt"): b"SK Tim", ("", "catatan.txt"): b"isi"}


def test_what_operating_systems_leave_behind_is_not_a_document(tmp_path: Path) -> None:
    litter = ["__MACOSX/._sk.pdf", "a/.DS_Store", "a/Thumbs.db", "a/~$sk.docx"]
    assert _names(_write(tmp_path, files.archive(dict.fromkeys([*litter, "a/sk.pdf"], b"x")))) == [("a", "sk.pdf")]


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", ["etc", "passwd"]),
        ("/abs/sk.pdf", ["abs", "sk.pdf"]),
        ("C:\\Dokumen\\sk.pdf", ["Dokumen", "sk.pdf"]),
        ("sk\u202efdp.exe", ["skfdp.exe"]),
        ("a\x00b/\n/sk.pdf", ["a b", "sk.pdf"]),
        ("..", []),
    ],
)
def test_a_name_can_neither_lead_out_of_its_folder_nor_deceive_the_eye(name: str, clean: list[str]) -> None:
    assert clean_path(name) == clean


def test_links_in_an_archive_are_passed_over(tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        link = zipfile.ZipInfo("tautan.pdf")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
    assert _names(_write(tmp_path, target.getvalue())) == []


def test_names_in_utf8_are_read_also_where_the_archive_does_not_say_so(tmp_path: Path) -> None:
    data = files.archive({"Peraturan – salinan.txt": b"x"})
    unmarked = data.replace(b"\x14\0\0\x08\x08\0", b"\x14\0\0\0\x08\0")
    assert unmarked != data
    assert _names(_write(tmp_path, unmarked)) == [("", "Peraturan – salinan.txt")]


def test_a_bomb_is_refused_before_anything_is_unpacked(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match="tidak wajar"):
        _names(_write(tmp_path, files.archive({"bom.txt": bytes(20_000_000)})))


def test_an_archive_keeps_within_the_limits_of_number_and_size(tmp_path: Path) -> None:
    path = _write(tmp_path, files.archive({f"{n}.txt": b"isi" * 500_000 for n in range(4)}))
    with pytest.raises(LimitExceeded, match="lebih dari 3 berkas"):
        _names(path, Limits(members=3))
    with pytest.raises(LimitExceeded, match="lebih dari 5 MB"):
        _names(path, Limits(unpacked_mb=5))


def test_an_archive_in_an_archive_is_opened_one_level_deep(tmp_path: Path) -> None:
    path = _write(tmp_path, files.archive({"a.txt": b"x"}))
    assert [member.name for member in members(path, Limits(), depth=2)] == ["a.txt"]
    with pytest.raises(LimitExceeded, match="2 tingkat"):
        list(members(path, Limits(), depth=3))


def test_an_archive_under_a_password_asks_for_one_without_a_password(tmp_path: Path) -> None:
    data = bytearray(files.archive({"a.txt": b"x"}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", data, data.find(signature) + flags, 1)
    with pytest.raises(PasswordNeeded):
        _names(_write(tmp_path, bytes(data)))


def test_a_broken_archive_fails_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile):
        _names(_write(tmp_path, files.archive({"a.txt": b"x" * 1000})[:-30]))


def test_a_damaged_member_gives_what_is_left_and_spares_the_others(tmp_path: Path) -> None:
    data = bytearray(files.archive({"a.txt": bytes(range(256)) * 40, "b.txt": b"utuh"}))
    data[60:70] = b"\xff" * 10
    contents = {}
    for member in members(_write(tmp_path, bytes(data)), Limits()):
        with member.open() as stream:
            contents[member.name] = stream.read()
    assert contents["b.txt"] == b"utuh"
    assert contents["a.txt"] != bytes(range(256)) * 40
