"""The command line as others script against it: exit codes, sentences for people, JSON by its schema."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from jsonschema import Draft202012Validator

from api.demo.make import make_documents
from tests.support.crash import BUKTI, bukti, serving

SCHEMAS = Path(__file__).parents[2] / "docs/schemas"
_PERWALI = "Perwali Nomor 14 Tahun 2022 tentang Penyelenggaraan SPBE.pdf"
_BROKEN = "LHA Keamanan SPBE 2025.pdf"
_LOCKED = "Laporan Uji Penetrasi 2025.pdf"


def checked(schema: str, text: str) -> Any:
    """The JSON in `text`, after it was found to follow its schema."""
    value = json.loads(text)
    rules = json.loads((SCHEMAS / f"{schema}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(rules)
    Draft202012Validator(rules).validate(value)
    return value


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("berkas")
    make_documents(folder)
    return folder


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Path:
    """An instance that holds a Perwali."""
    data = tmp_path_factory.mktemp("cli") / "data"
    answer = bukti("ingest", str(files / _PERWALI), "--period", "2025", "--wait", data=data)
    assert answer.returncode == 0, answer.stderr
    return data


@pytest.mark.parametrize(
    "command", ["demo", "serve", "worker", "doctor", "rebuild-index", "ingest", "search", "gaps", "inspect"]
)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    answer = subprocess.run([str(BUKTI), command, "--help"], capture_output=True, text=True, check=True)
    assert f"Contoh: bukti {command}" in " ".join(answer.stdout.split())


def test_ingest_reports_each_file_and_fails_when_one_failed(tmp_path: Path, files: Path) -> None:
    names = (_PERWALI, _BROKEN, _LOCKED)
    data = tmp_path / "data"
    answer = bukti("ingest", *(str(files / name) for name in names), "--unit", "Inspektorat", "--json", data=data)
    documents = {item["name"]: item for item in checked("ingest", answer.stdout)["documents"]}
    assert answer.returncode == 1
    assert documents[_PERWALI]["state"] == "done"
    assert documents[_PERWALI]["pages"] > 1
    assert (documents[_BROKEN]["state"], documents[_BROKEN]["code"]) == ("failed", "broken")
    assert (documents[_LOCKED]["state"], documents[_LOCKED]["code"]) == ("failed", "password_needed")
    again = bukti("ingest", str(files / _PERWALI), data=data)
    assert again.returncode == 0
    assert "1 sudah ada" in again.stderr


def test_ingest_shows_people_a_table_of_reasons(tmp_path: Path, files: Path) -> None:
    answer = bukti("ingest", str(files / _BROKEN), data=tmp_path / "data")
    assert answer.returncode == 1
    assert "Berkas rusak" in " ".join(answer.stderr.split())


def test_a_zip_is_unpacked_and_its_folders_name_the_unit(tmp_path: Path, files: Path) -> None:
    archive = tmp_path / "bukti.zip"
    with ZipFile(archive, "w") as target:
        target.write(files / _PERWALI, f"Bagian Hukum/{_PERWALI}")
    data = tmp_path / "data"
    bukti("ingest", str(files / _BROKEN), "--unit", "Bagian Hukum", data=data)
    answer = bukti("ingest", str(archive), "--json", data=data)
    documents = checked("ingest", answer.stdout)["documents"]
    assert {item["path"] for item in documents} == {"bukti.zip", f"bukti.zip!/Bagian Hukum/{_PERWALI}"}
    found = checked("search", bukti("search", "arsitektur SPBE", "--json", data=data).stdout)
    assert [document["unit"] for document in found["documents"]] == ["Bagian Hukum"]


def test_search_answers_people_and_programs(instance: Path) -> None:
    found = checked("search", bukti("search", "peta rencana", "--json", data=instance).stdout)
    assert found["total"] == 1
    assert found["documents"][0]["doc_type"] == "perwali"
    assert found["pages"][0]["sha256"] == found["documents"][0]["sha256"]
    assert "hal." in bukti("search", "peta rencana", data=instance).stdout
    nothing = checked("search", bukti("search", "kapal selam", "--json", data=instance).stdout)
    assert (nothing["total"], nothing["pages"]) == (0, [])
    narrowed = bukti("search", "peta rencana", "--indicator", "44", "--json", data=instance)
    assert checked("search", narrowed.stdout)["total"] == 0


def test_search_takes_a_batch_of_queries(instance: Path, tmp_path: Path) -> None:
    queries = tmp_path / "q.jsonl"
    queries.write_text('{"query_id": "a", "query": "peta rencana"}\n{"query_id": 2, "query": "kapal selam"}\n')
    lines = bukti("search", "--batch", str(queries), data=instance).stdout.splitlines()
    first, second = (checked("search-batch", line) for line in lines)
    assert first["query_id"] == "a"
    assert first["hits"]
    assert (second["query_id"], second["hits"]) == (2, [])
    queries.write_text("bukan json\n")
    refused = bukti("search", "--batch", str(queries), data=instance)
    assert refused.returncode == 1
    assert "baris 1" in " ".join(refused.stderr.split())


def test_gaps_gives_every_indicator_with_its_criteria(instance: Path) -> None:
    report = checked("gaps", bukti("gaps", "--period", "2025", "--format", "json", data=instance).stdout)
    assert len(report["indicators"]) == 47
    assert report["proven"]["predicate"] == "Kurang"
    second = report["indicators"][1]
    assert second["level_proven"] is None
    assert second["level_if_accepted"] >= 2
    states = {item["key"]: (item["state"], item["state_if_accepted"]) for item in second["criteria"]}
    assert states["2.element:audit_tik"] == ("open", "met")
    table = bukti("gaps", data=instance)
    assert "bukan hasil resmi" in table.stdout
    assert bukti("gaps", "--period", "2022", data=instance).returncode == 1
    page = bukti("gaps", "--format", "html", data=instance)
    assert page.returncode == 0, page.stderr
    assert page.stdout.lstrip().startswith("<!DOCTYPE html>")
    assert "Laporan kesenjangan 2025" in page.stdout


def test_doctor_names_every_part(instance: Path) -> None:
    answer = bukti("doctor", "--json", data=instance)
    report = checked("doctor", answer.stdout)
    assert answer.returncode == 0
    assert {"data", "database", "files", "index", "ocr"} <= {check["part"] for check in report["checks"]}


def test_doctor_fails_when_the_main_job_cannot_run(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("bukan folder")
    answer = bukti("doctor", "--json", data=tmp_path / "data")
    assert answer.returncode == 1
    assert not checked("doctor", answer.stdout)["ok"]


def test_inspect_writes_one_line_for_every_file_and_archive_member(tmp_path: Path, files: Path) -> None:
    folder = tmp_path / "masuk"
    folder.mkdir()
    for name in (_PERWALI, _BROKEN, _LOCKED):
        (folder / name).write_bytes((files / name).read_bytes())
    (folder / "kosong.pdf").write_bytes(b"")
    with ZipFile(folder / "arsip.zip", "w") as archive:
        archive.write(files / _PERWALI, f"dalam/{_PERWALI}")
    out = tmp_path / "out.jsonl"
    command = [str(BUKTI), "inspect", str(folder), "--jsonl", str(out), "--date", "2025-09-30", "--text", "--jobs", "2"]
    subprocess.run(command, check=True, capture_output=True, text=True)
    lines = {
        Path(line["path"]).name: line for line in (checked("inspect", row) for row in out.read_text().splitlines())
    }
    assert len(out.read_text().splitlines()) == 6
    perwali = lines[_PERWALI]
    assert perwali["metadata"]["number"]["value"] == "14"
    assert perwali["metadata"]["is_draft"]["value"] is False
    assert len(perwali["page_texts"]) == perwali["pages"]
    assert any(match["criterion"] == "2.element:audit_tik" for match in perwali["matches"])
    assert lines[_BROKEN]["error"]["code"] == "broken"
    assert lines[_LOCKED]["error"]["code"] == "password_needed"
    assert lines["kosong.pdf"]["error"]["code"] == "empty"
    assert any(line["path"].endswith(f"arsip.zip!/dalam/{_PERWALI}") for line in lines.values())


def test_commands_beside_a_running_server_hand_their_work_to_it(tmp_path: Path, files: Path) -> None:
    data = tmp_path / "data"
    with serving(data):
        answer = bukti("ingest", str(files / _PERWALI), "--wait", "--json", data=data)
        (document,) = checked("ingest", answer.stdout)["documents"]
        assert document["state"] == "done"
        rebuilt = bukti("rebuild-index", data=data)
        assert "yang sedang berjalan" in " ".join(rebuilt.stderr.split())
        assert checked("search", bukti("search", "SPBE", "--json", data=data).stdout)["total"] == 1


def test_a_wrong_path_is_refused_in_words(tmp_path: Path) -> None:
    answer = bukti("ingest", str(tmp_path / "tidak-ada.pdf"), data=tmp_path / "data")
    assert answer.returncode == 1
    assert "Tidak ditemukan" in answer.stderr
