"""The command line. Speaks Indonesian to people and JSON with English codes to programs."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from evidence.errors import BuktiError, InvalidInput
from evidence.settings import Settings
from ingest.logs import log_events

app = typer.Typer(
    name="bukti",
    help="Bukti dukung SPBE: dokumen masuk, laporan kesenjangan keluar.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
people = Console(stderr=True)

Data = Annotated[Path, typer.Option("--data", help="Folder data.", envvar="BUKTI_DATA")]
AsJson = Annotated[bool, typer.Option("--json", help="Keluaran JSON untuk program.")]
DATA = Path("data")


def main() -> None:
    """The door: errors in the users' words, once, at the top."""
    log_events(logging.WARNING)
    try:
        app()
    except BuktiError as error:
        people.print(f"Galat: {error.message}", style="red", markup=False)
        sys.exit(1)


@app.command(epilog="Contoh: bukti serve --data data --port 8000")
def serve(
    data: Data = DATA,
    host: Annotated[str, typer.Option(help="Alamat yang didengarkan.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Porta.")] = 8000,
) -> None:
    """Jalankan halaman web, pembaca, dan pengindeks."""
    from api import serving

    log_events(logging.INFO)
    serving.serve(_settings(data, host=host, port=port), _say)


@app.command(epilog="Contoh: bukti demo")
def demo(
    data: Data = DATA,
    host: Annotated[str, typer.Option(help="Alamat yang didengarkan.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Porta.")] = 8000,
    serve: Annotated[bool, typer.Option(help="Jalankan halaman web setelah peragaan dimuat.")] = True,
) -> None:
    """Muat instansi peragaan Kota Ranupane, lalu jalankan halaman web. Aman dijalankan berulang."""
    from api import serving
    from api.demo.load import load

    settings = _settings(data, host=host, port=port, guest=True)
    with serving.working(settings) as runtime:
        load(runtime, _say)
        if serve:
            serving.serve_pages(runtime, _say)


@app.command(epilog="Contoh: bukti worker --queues text,ocr")
def worker(
    data: Data = DATA,
    queues: Annotated[str, typer.Option(help="Antrean yang dikerjakan: text, ocr, index, maintenance.")] = "",
) -> None:
    """Kerjakan antrean tanpa halaman web sampai dihentikan."""
    import signal
    import threading

    from api import serving
    from ingest.queue import QUEUES

    chosen = tuple(name.strip() for name in queues.split(",") if name.strip()) or QUEUES
    settings = _settings(data)
    if not set(chosen) <= set(QUEUES):
        raise InvalidInput("Antrean yang ada: {names}.", names=", ".join(QUEUES))
    if settings.alone and set(chosen) != set(QUEUES):
        raise InvalidInput("Membagi antrean memerlukan BUKTI_BROKER_URL dan BUKTI_SEARCH_URL.")

    log_events(logging.INFO)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with serving.working(settings, chosen):
        _say("Pekerja berjalan (hentikan dengan Ctrl+C).")
        try:
            stop.wait()
        except KeyboardInterrupt:
            _say("Berhenti.")


@app.command(epilog="Contoh: bukti doctor")
def doctor(
    data: Data = DATA,
    as_json: AsJson = False,
    missing: Annotated[bool, typer.Option("--missing", help="Hanya yang kurang, sebaris tiap bagian.")] = False,
) -> None:
    """Periksa setiap bagian; sebutkan yang kurang dan perintah untuk melengkapinya."""
    from api.commands.doctor import examine

    checks = examine(_settings(data))
    if as_json:
        _print_json(
            {"ok": all(check.ok or not check.needed for check in checks), "checks": [c.output() for c in checks]}
        )
    elif missing:
        for check in checks:
            if not check.ok:
                print(
                    f"{check.label}: {check.detail}" + (f" (lengkapi dengan: {check.remedy})" if check.remedy else "")
                )
    else:
        table = Table("Bagian", "Keadaan", "Keterangan", Column("Cara melengkapi", overflow="fold"))
        for check in checks:
            state = "ada" if check.ok else ("TIDAK ADA" if check.needed else "tidak ada (pilihan)")
            table.add_row(check.label, state, check.detail, check.remedy)
        Console().print(table)
    if any(check.needed and not check.ok for check in checks):
        raise typer.Exit(1)


@app.command("rebuild-index", epilog="Contoh: bukti rebuild-index --data data")
def rebuild_index(data: Data = DATA) -> None:
    """Bangun ulang indeks pencarian dari basis data; pencarian tetap jalan selama itu."""
    from api.commands.index import rebuild

    _say(rebuild(_settings(data)))


@app.command(epilog='Contoh: bukti ingest "dokumen 2025/" bukti.zip --unit "Dinas Kominfo" --period 2025 --wait')
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Berkas, folder, atau ZIP.")],
    data: Data = DATA,
    unit: Annotated[str | None, typer.Option(help="OPD pemilik dokumen.")] = None,
    period: Annotated[int | None, typer.Option(help="Tahun periode penilaian.")] = None,
    wait: Annotated[bool, typer.Option(help="Tunggu sampai semua selesai diproses.")] = False,
    as_json: AsJson = False,
) -> None:
    """Masukkan dokumen: disimpan, dibaca, ditandai, dan diindeks."""
    from api.commands.ingest import ingest_paths

    result = ingest_paths(_settings(data), paths, unit=unit, year=period, wait=wait, show=not as_json)
    if as_json:
        _print_json(result.output())
    else:
        _print_ingest(result)
    if result.failed:
        raise typer.Exit(1)


@app.command(epilog='Contoh: bukti search "peta rencana" --indicator 2 --limit 5')
def search(
    query: Annotated[str | None, typer.Argument(help="Kata yang dicari.")] = None,
    data: Data = DATA,
    indicator: Annotated[str | None, typer.Option(help="Hanya dokumen yang ditandai untuk indikator ini.")] = None,
    doc_type: Annotated[str | None, typer.Option("--type", help="Kode jenis dokumen, mis. perwali.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Banyaknya dokumen.")] = 20,
    batch: Annotated[Path | None, typer.Option(help="Berkas JSONL berisi baris {query_id, query}.")] = None,
    as_json: AsJson = False,
) -> None:
    """Cari halaman bukti."""
    from api.commands.search import searching

    with searching(_settings(data), indicator, doc_type, limit, snippets=batch is None) as find:
        if batch is not None:
            for line in _lines(batch):
                hits = find(str(line.get("query", "")))
                pages = [{"sha256": page.sha256, "page": page.page} for page in hits.pages]
                print(json.dumps({"query_id": line.get("query_id"), "hits": pages}, ensure_ascii=False))
            return
        if not query:
            raise InvalidInput("Tulis kata yang dicari, atau beri --batch BERKAS.jsonl.")
        hits = find(query)
    if as_json:
        from api.outputs import search_output

        _print_json(search_output(hits))
        return
    for notice in hits.notices:
        people.print(notice, markup=False)
    print(f"{hits.total} dokumen")
    for document in hits.documents:
        print(
            f"\n{document.title or document.name}  [{document.doc_type or '-'} {document.number} {document.year or ''}]"
        )
        for page in document.pages:
            print(f"  {page.label}: {' '.join(page.snippet.text.split())}")


@app.command(epilog="Contoh: bukti gaps --period 2025 --format json")
def gaps(
    data: Data = DATA,
    period: Annotated[int | None, typer.Option(help="Tahun periode; bawaan: yang terbaru.")] = None,
    output: Annotated[str, typer.Option("--format", help="table, json, atau html.")] = "table",
) -> None:
    """Laporan kesenjangan: apa yang terbukti, apa yang kurang, apa yang didahulukan."""
    from api.commands.gaps import report_for, table_rows

    if output not in ("table", "json", "html"):
        raise InvalidInput("Bentuk keluaran: table, json, atau html.")
    with report_for(_settings(data), period) as report:
        if output == "json":
            from api.outputs import gaps_output

            _print_json(gaps_output(report))
        elif output == "html":
            from api.report_file import render_report

            print(render_report(report))
        else:
            summary, rows = table_rows(report)
            print(summary)
            table = Table("Indikator", "Terbukti", "Jika usulan diterima", "Yang kurang untuk tingkat berikutnya")
            for row in rows:
                table.add_row(*row)
            Console().print(table)


@app.command(epilog="Contoh: bukti inspect dokumen/ --jobs 2 --jsonl hasil.jsonl")
def inspect(
    paths: Annotated[list[Path], typer.Argument(help="Berkas, folder, atau arsip.")],
    jsonl: Annotated[Path, typer.Option(help="Berkas keluaran, satu objek JSON tiap berkas.")],
    instrument: Annotated[str, typer.Option(help="Kode instrumen.")] = "permenpanrb-59-2020",
    on: Annotated[str | None, typer.Option("--date", help="Tanggal penilaian, mis. 2025-09-30.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Banyaknya proses.")] = 1,
    ocr: Annotated[bool, typer.Option(help="Kenali halaman pindaian.")] = True,
    text: Annotated[bool, typer.Option("--text", help="Sertakan teks tiap halaman.")] = False,
) -> None:
    """Baca, kenali, dan tandai berkas tanpa basis data dan tanpa indeks."""
    from ingest.inspect import Options, inspect_paths
    from ingest.wire import Limits

    try:
        day = date.fromisoformat(on) if on else date.today()
    except ValueError as error:
        raise InvalidInput("Tanggal ditulis seperti 2025-09-30.") from error
    options = Options(instrument, day, ocr, text, Limits.of(Settings()))
    with jsonl.open("w", encoding="utf-8") as target:
        for line in inspect_paths(paths, options, jobs):
            target.write(json.dumps(line, ensure_ascii=False) + "\n")


def _settings(data: Path, **changed: Any) -> Settings:
    return Settings(data=data, **changed)


def _say(line: str) -> None:
    people.print(line, markup=False, highlight=False, soft_wrap=True)


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            if line.strip():
                try:
                    yield dict(json.loads(line))
                except (ValueError, TypeError) as error:
                    raise InvalidInput("{file}, baris {line}: bukan objek JSON.", file=path, line=number) from error


def _print_ingest(result: Any) -> None:
    people.print(result.summary(), markup=False)
    if result.failed:
        table = Table("Berkas", "Alasan", title="Tidak berhasil")
        for item in result.failed:
            table.add_row(item.name, item.message)
        people.print(table)
