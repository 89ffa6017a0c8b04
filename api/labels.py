"""The one place where English codes become the Indonesian words of the UX sheet."""

from __future__ import annotations

from collections.abc import Mapping

LABELS: Mapping[str, Mapping[str, str]] = {
    "processing": {
        "waiting": "Menunggu",
        "uploading": "Mengunggah",
        "reading": "Membaca teks",
        "running": "Membaca teks",
        "ocr": "OCR (pindaian)",
        "tagging": "Menandai",
        "indexing": "Mengindeks",
        "done": "Selesai",
        "failed": "Gagal",
        "duplicate": "Duplikat",
    },
    "outcome": {"new": "Baru", "duplicate": "Duplikat", "refused": "Tidak diterima"},
    "tag": {
        "proposed": "Usulan sistem",
        "accepted": "Diterima",
        "rejected": "Ditolak",
        "returned": "Dikembalikan",
        "manual": "Ditambahkan manual",
    },
    "criterion": {"met": "Terpenuhi", "partial": "Sebagian", "open": "Belum ada", "blocked": "Terhalang"},
    "validity": {
        "in_force": "Berlaku",
        "amended": "Diubah",
        "partly_revoked": "Dicabut sebagian",
        "revoked": "Dicabut",
        "expired": "Kedaluwarsa",
        "not_yet": "Belum berlaku",
        "draft": "Masih rancangan",
        "unknown": "Belum diketahui",
    },
    "objection": {
        "draft": "Masih rancangan",
        "revoked": "Dicabut",
        "expired": "Kedaluwarsa",
        "not_yet": "Belum berlaku",
        "other_institution": "Milik instansi lain",
        "national_act": "Peraturan pusat",
        "out_of_period": "Di luar masa penilaian",
        "broken_signature": "Tanda tangan elektronik rusak",
    },
    "severity": {"B": "Terhalang", "W": "Perlu dicek", "I": "Keterangan"},
    "relation": {
        "revokes": "Mencabut",
        "revokes_part": "Mencabut sebagian",
        "amends": "Mengubah",
        "implements": "Melaksanakan",
        "cites": "Merujuk",
    },
    "relation_back": {
        "revokes": "Dicabut oleh",
        "revokes_part": "Dicabut sebagian oleh",
        "amends": "Diubah oleh",
        "implements": "Dilaksanakan oleh",
        "cites": "Dirujuk oleh",
    },
    "method": {
        "text": "teks",
        "ocr": "OCR (pindaian)",
        "both": "teks dan OCR",
        "blank": "halaman kosong",
        "pending": "menunggu OCR",
        "unreadable": "tidak terbaca",
        "file": "berkas",
        "metadata": "keterangan berkas",
        "person": "diisi pengguna",
    },
    "part": {
        "body": "Batang tubuh",
        "annex": "Lampiran",
        "explanation": "Penjelasan",
        "cover_letter": "Surat pengantar",
        "attachment": "Berkas lampiran",
    },
    "spot": {
        "title_block": "judul",
        "dictum": "diktum",
        "annex_header": "kepala lampiran",
        "closing": "penutup",
        "source_line": "baris sumber",
        "file_name": "nama berkas",
        "file_metadata": "keterangan berkas",
        "first_page": "halaman pertama",
        "person": "diisi pengguna",
    },
    "field": {
        "doc_type": "Jenis",
        "number_printed": "Nomor",
        "number": "Nomor",
        "year": "Tahun",
        "title": "Tentang",
        "issuer": "Penetap",
        "region_name": "Instansi",
        "date_set": "Tanggal ditetapkan",
        "date_promulgated": "Tanggal diundangkan",
        "place_set": "Tempat ditetapkan",
        "signer_name": "Penanda tangan",
        "signer_office": "Jabatan",
        "gazette": "Berita Daerah",
        "effective_from": "Mulai berlaku",
        "effective_to": "Berlaku sampai",
        "period_year": "Tahun periode",
        "is_draft": "Masih rancangan",
    },
    "role": {
        "admin": "Pengelola",
        "coordinator": "Koordinator SPBE",
        "legal_bureau": "Bagian Hukum",
        "assessor": "Anggota Tim Asesor Internal",
        "unit": "Perangkat daerah",
        "viewer": "Pengunjung (baca)",
    },
    "kind": {
        "kota": "Pemerintah Kota",
        "kabupaten": "Pemerintah Kabupaten",
        "provinsi": "Pemerintah Provinsi",
        "pusat": "Instansi Pusat",
    },
    "reject": {
        "off_topic": "bukan topik ini",
        "mention_only": "hanya menyebut",
        "not_in_force": "dokumen tidak berlaku",
        "not_ours": "bukan dokumen kami",
        "other": "lainnya",
    },
}

# The icon (and its colour) beside each state's word; base.css draws them.
ICONS: Mapping[str, Mapping[str, str]] = {
    "processing": {
        "waiting": "s-waiting",
        "uploading": "s-uploading",
        "reading": "s-reading",
        "running": "s-reading",
        "ocr": "s-ocr",
        "tagging": "s-tagging",
        "indexing": "s-indexing",
        "done": "s-done",
        "failed": "s-failed",
        "duplicate": "s-duplicate",
    },
    "outcome": {"new": "s-done", "duplicate": "s-duplicate", "refused": "s-failed"},
    "tag": {
        "proposed": "s-suggested",
        "accepted": "s-accepted",
        "rejected": "s-rejected",
        "returned": "s-revision",
        "manual": "s-manual",
    },
    "criterion": {"met": "s-met", "partial": "s-partial", "open": "s-none", "blocked": "s-check"},
    "validity": {
        "in_force": "s-valid",
        "amended": "s-amended",
        "partly_revoked": "s-amended",
        "revoked": "s-revoked",
        "expired": "s-expired",
        "not_yet": "s-expired",
        "draft": "s-draft",
        "unknown": "s-unchecked",
    },
    "objection": {"draft": "s-draft", "revoked": "s-revoked", "expired": "s-expired", "not_yet": "s-expired"},
    "severity": {"B": "s-check", "W": "s-check", "I": "s-unchecked"},
}


def label(group: str, code: str) -> str:
    """The word people see; a code without one is shown as it is rather than hidden."""
    return LABELS[group].get(code, code)


def icon(group: str, code: str) -> str:
    return ICONS[group].get(code, "s-check" if group == "objection" else "s-unchecked")
