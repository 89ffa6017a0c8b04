"""Errors in the users' words. Each says what happened and what the person can do; none knows HTTP."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager


class BuktiError(Exception):
    """Base of all errors shown to people. `code` is stable and English; `message` is Indonesian."""

    code = "error"
    message = "Terjadi kesalahan."

    def __init__(self, message: str | None = None, **facts: object) -> None:
        self.message = (message or type(self).message).format(**facts) if facts else (message or type(self).message)
        super().__init__(self.message)


class NotFound(BuktiError):
    code = "not_found"
    message = "Tidak ditemukan, atau Anda tidak memiliki akses."


class NotAllowed(BuktiError):
    code = "not_allowed"
    message = "Anda tidak memiliki hak untuk tindakan ini."


class InvalidInput(BuktiError):
    code = "invalid_input"
    message = "Isian tidak dapat diterima."


class InstrumentError(BuktiError):
    """An instrument or rulebook file is wrong. The message names the file and the place."""

    code = "instrument"


class DatabaseUnavailable(BuktiError):
    code = "database"
    message = "Basis data tidak dapat dibuka: {detail}."


class FilesUnavailable(BuktiError):
    code = "files"
    message = "Penyimpanan berkas tidak dapat dipakai: {detail}."


class StorageFull(DatabaseUnavailable, FilesUnavailable):
    """No room is left. Whoever waits for a database or files that are out of reach waits for room just so."""

    code = "storage_full"
    message = "Ruang penyimpanan Bukti habis. Yang sudah tersimpan tetap aman; ulangi sesudah pengelola menambah ruang."


@contextmanager
def full_in_words() -> Iterator[None]:
    """A full disk, or a quota used up, as StorageFull; also a decorator."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull() from error
        raise


class OwnerBusy(BuktiError):
    code = "owner_busy"
    message = "Folder data sedang dipakai proses Bukti lain ({detail})."


class UnreadableDocument(BuktiError):
    """A file that fails alone: its original is kept, its document shows this reason."""

    code = "unreadable"
    message = "Berkas tidak dapat dibaca."


class BrokenFile(UnreadableDocument):
    code = "broken"
    message = "Berkas rusak dan tidak dapat dibuka. Unggah salinan lain."


class PasswordNeeded(UnreadableDocument):
    code = "password_needed"
    message = "Berkas dilindungi kata sandi. Buka sandinya lalu unggah lagi."


class UnsupportedType(UnreadableDocument):
    code = "unsupported_type"
    message = "Jenis berkas tidak didukung: {kind}."


class EmptyFile(UnreadableDocument):
    code = "empty"
    message = "Berkas kosong (0 byte)."


class DamagedFile(UnreadableDocument):
    """What the store holds under a hash has another one: only a backup or an older version of the object helps."""

    code = "damaged"
    message = "Berkas yang tersimpan rusak: isinya tidak lagi cocok dengan sidik jarinya. Pulihkan dari cadangan."


class LimitExceeded(UnreadableDocument):
    code = "limit"
    message = "Berkas melebihi batas yang aman untuk dibaca ({detail})."


class ReaderDied(UnreadableDocument):
    code = "reader_died"
    message = "Pembaca berhenti saat membuka berkas ini (memori atau waktu habis). Berkas asli tetap disimpan."
