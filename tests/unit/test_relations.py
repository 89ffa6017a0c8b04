"""Relations: what an act does to other acts, and what only looks like it."""

from __future__ import annotations

import pytest

from evidence.values import Relation
from ingest.identify import identify, relations, structure
from tests.support.regulations import CLOSING, PERWALI, TITLE, a_decree, a_read


def related(*pages: str) -> tuple[Relation, ...]:
    read = a_read(*pages)
    sections = structure(read)
    return relations(read, sections, identify(read, sections))


def said(article: str, *kinds: str) -> list[tuple[str, str, str]]:
    """What a regulation with this last article does, without mere citations."""
    found = related(TITLE, f"Pasal 9\n{article}\n{CLOSING}")
    return [(r.kind, r.target_key, r.scope) for r in found if r.kind in (kinds or ("revokes", "revokes_part"))]


def test_a_regulation_revokes_implements_and_cites_with_the_words_that_say_so() -> None:
    read = a_read(*PERWALI)
    sections = structure(read)
    all_of_them = relations(read, sections, identify(read, sections))
    found = {r.kind: r for r in all_of_them}
    assert found["revokes"].target_key == "perwali|kota-ranupane|27|2018"
    assert found["revokes"].effective == "2022-06-20"
    assert "dicabut dan dinyatakan tidak berlaku" in found["revokes"].quote
    assert read.text(found["revokes"].place) == "Peraturan Wali Kota Ranupane Nomor 27\nTahun 2018"
    assert found["implements"].target_key == "perpres|ri|95|2018"
    assert {r.target_key for r in all_of_them if r.kind == "cites"} == {"uu|ri|23|2014", "permen|panrb|5|2018"}


def test_a_list_of_revoked_acts_is_read_to_its_end_also_over_a_page_break() -> None:
    first = "Pasal 9\nPada saat Peraturan ini mulai berlaku:\na. Peraturan Wali Kota Nomor 3 Tahun 2016;\n- 12 -\n"
    second = "b. Peraturan Wali Kota Nomor 4 Tahun 2017; dan\nc. Peraturan Wali Kota Nomor 5 Tahun 2018 tentang C,\n"
    third = "dicabut dan dinyatakan tidak berlaku.\n"
    keys = [r.target_key for r in related(TITLE, first, second + third + CLOSING) if r.kind == "revokes"]
    assert keys == [f"perwali|kota-ranupane|{number}" for number in ("3|2016", "4|2017", "5|2018")]


@pytest.mark.parametrize(
    ("article", "scope"),
    [
        ("Pada saat Peraturan ini mulai berlaku, ketentuan Pasal 5 dan Pasal 6 Peraturan Wali Kota Nomor 3 Tahun 2019 "
         "dicabut dan dinyatakan tidak berlaku.", "ketentuan Pasal 5 dan Pasal 6"),
        ("Pada saat Peraturan ini mulai berlaku, Peraturan Wali Kota Nomor 3 Tahun 2019 sepanjang mengatur pusat data "
         "dicabut dan dinyatakan tidak berlaku.", "sepanjang mengatur pusat data dicabut dan dinyatakan tidak berlaku"),
    ],
)  # fmt: skip
def test_revoking_a_part_is_not_revoking_the_act(article: str, scope: str) -> None:
    (found,) = said(article)
    assert found[:2] == ("revokes_part", "perwali|kota-ranupane|3|2019")
    assert found[2].startswith(scope[:60])


@pytest.mark.parametrize(
    "article",
    [
        "Izin dicabut apabila pemegangnya melanggar Peraturan Daerah Nomor 5 Tahun 2012.",
        "Peraturan pelaksanaan dari Peraturan Wali Kota Nomor 3 Tahun 2019 dinyatakan masih tetap berlaku.",
        "Pada saat Peraturan ini berlaku, segala ketentuan yang bertentangan dicabut dan dinyatakan tidak berlaku.",
        "Tata cara pencabutan diatur dengan Peraturan Wali Kota Nomor 3 Tahun 2019.",
    ],
)
def test_what_only_sounds_like_a_repeal_revokes_nothing(article: str) -> None:
    assert said(article) == []


def test_an_amending_act_named_beside_the_revoked_one_is_not_what_is_revoked_first() -> None:
    article = (
        "Pada saat Peraturan ini mulai berlaku, Peraturan Wali Kota Nomor 3 Tahun 2016 tentang Tata Kelola sebagaimana "
        "telah diubah dengan Peraturan Wali Kota Nomor 9 Tahun 2018, dicabut dan dinyatakan tidak berlaku."
    )
    assert said(article) == [("revokes", "perwali|kota-ranupane|3|2016", "all")]


def test_a_decree_replaces_an_earlier_decree() -> None:
    dictum = (
        "Dengan ditetapkannya Keputusan ini, Keputusan Wali Kota Ranupane Nomor 188.45/87/KEP/2021 tentang Tim "
        "dinyatakan tidak berlaku."
    )
    found = [r for r in related(a_decree(dictum=dictum)) if r.kind == "revokes"]
    assert [r.target_key for r in found] == ["keputusan_kepala_daerah|kota-ranupane|188.45/87/kep/2021|2021"]
    assert found[0].effective == "2023-02-06"


def test_an_amendment_amends_the_act_its_title_names() -> None:
    title = TITLE.replace("NOMOR 14 TAHUN 2022", "NOMOR 9 TAHUN 2024").replace(
        "PENYELENGGARAAN SISTEM PEMERINTAHAN\nBERBASIS ELEKTRONIK\nDENGAN",
        "PERUBAHAN KEDUA ATAS PERATURAN WALI KOTA NOMOR 14\nTAHUN 2022 TENTANG PENYELENGGARAAN SPBE\nDENGAN",
    )
    found = [r for r in related(title, "Pasal I\nKetentuan diubah.\n" + CLOSING) if r.kind == "amends"]
    assert [r.target_key for r in found] == ["perwali|kota-ranupane|14|2022"]


def test_an_act_has_no_relation_to_itself_and_none_twice() -> None:
    article = (
        "Pada saat Peraturan ini mulai berlaku, Peraturan Wali Kota Nomor 3 Tahun 2016, Peraturan Wali Kota Nomor 3 "
        "Tahun 2016, dan Peraturan Wali Kota Nomor 14 Tahun 2022 dicabut dan dinyatakan tidak berlaku."
    )
    assert said(article) == [("revokes", "perwali|kota-ranupane|3|2016", "all")]


def test_a_report_that_tells_of_a_repeal_revokes_nothing() -> None:
    report = "LAPORAN REVIU\nTAHUN 2024\nPeraturan Wali Kota Nomor 3 Tahun 2016 dicabut dan dinyatakan tidak berlaku.\n"
    assert related(report) == ()
