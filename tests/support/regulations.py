"""Documents of invented institutions as they come from the reader, for tests of what a document says it is."""

from __future__ import annotations

from evidence.values import FileFacts, PageText, Part, Read

TITLE = """\
WALI KOTA RANUPANE
PROVINSI JAWA TENGAH
PERATURAN WALI KOTA RANUPANE
NOMOR 14 TAHUN 2022
TENTANG
PENYELENGGARAAN SISTEM PEMERINTAHAN
BERBASIS ELEKTRONIK
DENGAN RAHMAT TUHAN YANG MAHA ESA
WALI KOTA RANUPANE,
Menimbang : a. bahwa untuk melaksanakan ketentuan Pasal 5 Peraturan Presiden Nomor 95
Tahun 2018 tentang Sistem Pemerintahan Berbasis Elektronik, perlu pengaturan;
b. bahwa pengaturan yang ada tidak sesuai lagi;
Mengingat : 1. Undang-Undang Nomor 23 Tahun 2014 tentang Pemerintahan Daerah;
2. Peraturan Menteri Pendayagunaan Aparatur Negara dan Reformasi Birokrasi Nomor 5
Tahun 2018 tentang Pedoman Evaluasi SPBE;
MEMUTUSKAN:
Menetapkan : PERATURAN WALI KOTA TENTANG PENYELENGGARAAN SISTEM
PEMERINTAHAN BERBASIS ELEKTRONIK.
"""
ARTICLES = """\
BAB I
KETENTUAN UMUM
Pasal 1
Dalam Peraturan Wali Kota ini yang dimaksud dengan:
1. Daerah adalah Kota Ranupane.
2. Arsitektur SPBE adalah kerangka dasar.
BAB II
ARAH KEBIJAKAN
Bagian Kesatu
Peta Rencana
Pasal 2
(1) Peta Rencana memuat:
a. tata kelola; dan
b. layanan sebagaimana dimaksud dalam
Pasal 1
angka 2.
(2) Peta Rencana tercantum dalam Lampiran I.
"""
LAST_ARTICLES = """\
Pasal 3
Pada saat Peraturan Wali Kota ini mulai berlaku, Peraturan Wali Kota Ranupane Nomor 27
Tahun 2018 tentang Tata Kelola Teknologi Informasi (Berita Daerah Kota Ranupane Tahun 2018 Nomor 27),
dicabut dan dinyatakan tidak berlaku.
Pasal 4
Peraturan Wali Kota ini mulai berlaku pada tanggal diundangkan.
"""
CLOSING = """\
Agar setiap orang mengetahuinya, memerintahkan pengundangan Peraturan Wali Kota ini.
Ditetapkan di Ranupane
pada tanggal 17 Juni 2022
WALI KOTA RANUPANE,
ttd
ARYA SENA PRADIPTA
Diundangkan di Ranupane
pada tanggal 20 Juni 2022
SEKRETARIS DAERAH KOTA RANUPANE,
ttd
LAKSMI AYUNINGTYAS
BERITA DAERAH KOTA RANUPANE TAHUN 2022 NOMOR 14
"""
ANNEX = """\
LAMPIRAN I
PERATURAN WALI KOTA RANUPANE
NOMOR 14 TAHUN 2022
TENTANG
PENYELENGGARAAN SISTEM PEMERINTAHAN
BERBASIS ELEKTRONIK
A. Tujuan
Peta Rencana menjadi pedoman perangkat daerah.
"""
PERWALI = (TITLE, ARTICLES, LAST_ARTICLES + CLOSING, ANNEX)


def a_read(*pages: str, name: str = "berkas.pdf", method: str = "text", mime: str = "application/pdf") -> Read:
    """A version of one part with these pages."""
    texts = tuple(PageText(i, f"hal. {i}", text, method) for i, text in enumerate(pages, start=1))
    return Read((Part(0, "body", name, "0" * 64, FileFacts(mime, len(pages)), texts),))


def a_decree(title: str = "TIM KOORDINASI SPBE", dictum: str = "", number: str = "188.45/112/KEP/2023") -> str:
    """A decree of the mayor on one page."""
    return f"""\
KEPUTUSAN WALI KOTA RANUPANE
NOMOR {number}
TENTANG
{title}
WALI KOTA RANUPANE,
Menimbang : a. bahwa perlu membentuk tim;
Mengingat : 1. Peraturan Presiden Nomor 95 Tahun 2018;
MEMUTUSKAN:
Menetapkan : KEPUTUSAN WALI KOTA TENTANG {title}.
KESATU : Membentuk tim.
KEDUA : {dictum or "Keputusan ini mulai berlaku pada tanggal ditetapkan."}
Ditetapkan di Ranupane
pada tanggal 6 Februari 2023
WALI KOTA RANUPANE,
ttd
ARYA SENA PRADIPTA
"""
