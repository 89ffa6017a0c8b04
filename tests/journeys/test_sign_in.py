"""The first account, signing in and out, and keeping other sites out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.security import issue_setup_token
from api.throttle import ATTEMPTS, SECONDS, Throttle, TooManyAttempts
from evidence.instance import first_institution, open_period
from evidence.models import Institution, Period
from ingest.runtime import Runtime
from tests.support.web import PASSWORD, Site, a_site, an_empty_site

FIRST = {"name": "Bagas Prawirayuda", "login": "Bagas", "password": PASSWORD}
OFFICE = {"kind": "kota", "institution": "Ranupane", "year": "2025"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with a_site(tmp_path) as opened:
        yield opened


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[tuple[Runtime, TestClient]]:
    with an_empty_site(tmp_path) as opened:
        yield opened


def a_setup_link(runtime: Runtime) -> str:
    with runtime.db.transaction() as session:
        return f"/mulai/{issue_setup_token(session)}"


def test_before_anybody_has_an_account_the_start_page_says_where_the_one_time_link_is(
    fresh: tuple[Runtime, TestClient],
) -> None:
    answer = fresh[1].get("/")
    assert answer.status_code == 200
    assert "Belum ada akun" in answer.text
    assert "/mulai/" in answer.text


def test_the_one_time_link_names_the_institution_makes_the_first_account_and_signs_it_in(
    fresh: tuple[Runtime, TestClient],
) -> None:
    runtime, client = fresh
    link = a_setup_link(runtime)
    assert "Nama instansi" in client.get(link).text
    home = client.post(link, data=FIRST | OFFICE)
    assert home.url.path == "/"
    assert "Pemerintah Kota Ranupane" in home.text
    assert "Bagas Prawirayuda" in home.text


def test_the_one_time_link_works_only_once(fresh: tuple[Runtime, TestClient]) -> None:
    runtime, client = fresh
    link = a_setup_link(runtime)
    client.post(link, data=FIRST | OFFICE)
    again = client.post(link, data={"name": "Orang lain", "login": "lain", "password": PASSWORD})
    assert again.status_code == 404
    assert "sudah dipakai" in again.text


def test_a_new_one_time_link_ends_the_former_one(fresh: tuple[Runtime, TestClient]) -> None:
    runtime, client = fresh
    former = a_setup_link(runtime)
    a_setup_link(runtime)
    assert client.get(former).status_code == 404


def test_a_short_password_is_refused_and_nothing_has_to_be_typed_twice(fresh: tuple[Runtime, TestClient]) -> None:
    runtime, client = fresh
    answer = client.post(a_setup_link(runtime), data=FIRST | OFFICE | {"password": "pendek"})
    assert answer.status_code == 422
    assert "Kata sandi paling sedikit 12 huruf." in answer.text
    assert 'value="Ranupane"' in answer.text
    assert "pendek" not in answer.text


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(site: Site) -> None:
    site.sign_in()
    site.client.cookies.clear()
    wrong = site.client.post("/masuk", data={"login": "koordinator-kota", "password": "bukan ini"})
    unknown = site.client.post("/masuk", data={"login": "siapa", "password": "bukan ini"})
    assert wrong.status_code == unknown.status_code == 401
    assert "Nama pengguna atau kata sandi salah." in wrong.text
    assert "Nama pengguna atau kata sandi salah." in unknown.text


def test_someone_who_only_stands_behind_old_decisions_cannot_sign_in(site: Site) -> None:
    site.sign_in()
    site.client.cookies.clear()
    answer = site.client.post("/masuk", data={"login": "koordinator-kabupaten", "password": ""})
    assert answer.status_code == 401


def test_whoever_must_sign_in_first_comes_back_to_the_page_they_wanted(site: Site) -> None:
    site.sign_in()
    site.client.cookies.clear()
    asked = site.client.get("/kesenjangan?aspek=2")
    assert asked.url.path == "/masuk"
    assert 'name="lanjut" value="/kesenjangan?aspek=2"' in asked.text
    form = {"login": "koordinator-kota", "password": PASSWORD, "lanjut": "/kesenjangan?aspek=2"}
    assert site.client.post("/masuk", data=form).url.path == "/kesenjangan"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x"])
def test_signing_in_never_leads_to_another_site(site: Site, target: str) -> None:
    site.sign_in()
    form = {"login": "koordinator-kota", "password": PASSWORD, "lanjut": target}
    answer = site.client.post("/masuk", data=form, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_signing_out_ends_the_session_for_a_copied_cookie_too(site: Site) -> None:
    site.sign_in()
    copied = dict(site.client.cookies)
    site.client.post("/keluar")
    site.client.cookies.update(copied)
    assert site.client.get("/dokumen").url.path == "/masuk"


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(site: Site) -> None:
    site.sign_in()
    form = {"login": "koordinator-kota", "password": PASSWORD}
    cookie = site.client.post("/masuk", data=form, follow_redirects=False).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_over_https_the_cookie_stays_with_this_very_host(site: Site) -> None:
    site.sign_in()
    form = {"login": "koordinator-kota", "password": PASSWORD}
    secure = TestClient(site.client.app, base_url="https://bukti.example")
    cookie = secure.post("/masuk", data=form, follow_redirects=False).headers["set-cookie"]
    assert cookie.startswith("__Host-bukti=")
    assert "Secure" in cookie


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
)
def test_a_form_sent_from_another_site_is_refused(site: Site, headers: dict[str, str]) -> None:
    site.sign_in()
    assert site.client.post("/keluar", headers=headers).status_code == 403
    assert site.client.get("/dokumen").url.path == "/dokumen"


def test_after_five_wrong_passwords_the_same_name_must_wait_even_with_the_right_one(site: Site) -> None:
    site.sign_in()
    site.client.post("/keluar")
    wrong = {"login": "koordinator-kota", "password": "salah"}
    for _ in range(5):
        assert site.client.post("/masuk", data=wrong).status_code == 401
    waiting = site.client.post("/masuk", data=wrong | {"password": PASSWORD})
    assert waiting.status_code == 429
    assert "Tunggu satu menit" in waiting.text
    other = site.client.post("/masuk", data=wrong | {"login": "koordinator-kabupaten"})
    assert other.status_code == 401


def test_a_minute_later_a_name_may_be_tried_again() -> None:
    time = [0.0]
    throttle = Throttle(clock=lambda: time[0])
    for _ in range(ATTEMPTS):
        throttle.note_failure("Bagas", "10.0.0.7")
    with pytest.raises(TooManyAttempts):
        throttle.check(" bagas", "10.0.0.7")
    throttle.check("bagas", "10.0.0.8")
    time[0] += SECONDS + 1
    throttle.check("bagas", "10.0.0.7")


def test_signing_in_forgives_earlier_failures() -> None:
    throttle = Throttle()
    for _ in range(ATTEMPTS - 1):
        throttle.note_failure("bagas", "10.0.0.7")
    throttle.note_success("bagas", "10.0.0.7")
    throttle.note_failure("bagas", "10.0.0.7")
    throttle.check("bagas", "10.0.0.7")


def test_documents_handed_in_before_the_institution_had_a_name_belong_to_the_one_the_form_names(
    fresh: tuple[Runtime, TestClient],
) -> None:
    runtime, client = fresh
    with runtime.db.transaction() as session:
        open_period(session, first_institution(session), 2024)
    link = a_setup_link(runtime)
    form = client.get(link).text
    assert "Nama instansi" in form
    assert "Tahun penilaian" not in form
    home = client.post(link, data=FIRST | OFFICE | {"year": ""})
    assert "Pemerintah Kota Ranupane" in home.text
    assert "Periode 2024" in home.text
    with runtime.db.reading() as session:
        assert session.query(Institution).count() == 1
        assert session.query(Period).count() == 1
