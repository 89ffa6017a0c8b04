"""The long form of tests/integration/test_faults.py, for `make proof`: every storm over hundreds of files."""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import docx

from deploy.local.elastic import Elasticsearch
from deploy.local.process import ServerFailed, ServerMissing, scratch
from deploy.local.servers import S3, Postgres, Redis
from evidence.settings import Settings
from tests.support import storms
from tests.support.crash import bukti, make_files
from tests.support.faults import office
from tests.support.files import text_pdf
from tests.support.snapshot import differences, snapshot
from tests.support.world import fresh_urls

# On which servers each storm blows; none: an embedded instance.
ON_SERVERS: tuple[storms.Storm, ...] = (
    storms.kills_and_search_away,
    storms.database_killed,
    storms.files_killed,
    storms.clock_jumps,
)
EMBEDDED: tuple[storms.Storm, ...] = (storms.disk_full, storms.own_clock_jumps)
ON_A_CLUSTER: tuple[storms.Storm, ...] = (storms.node_killed,)

_TOPICS = (
    "peta rencana SPBE",
    "arsitektur SPBE",
    "manajemen risiko SPBE",
    "keamanan informasi",
    "manajemen data",
    "aset TIK",
    "kompetensi sumber daya manusia",
    "manajemen perubahan",
    "layanan pengaduan pelayanan publik",
    "audit aplikasi SPBE",
    "pusat data nasional",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--only", help="one storm, by its name")
    arguments = parser.parse_args()
    print(f"# python -m tests.bench.faults --files {arguments.files}   ({os.cpu_count()} cores, {date.today()})")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bukti-faults-") as place:
        try:
            whole = prove(Path(place), arguments.files, arguments.only)
        except (ServerMissing, ServerFailed) as error:
            print(error)
            whole = False
    print(f"{time.monotonic() - begun:.0f} s: ", end="")
    print("nothing lost, nothing twice in any storm" if whole else "NOT PROVEN, see above")
    sys.exit(not whole)


def prove(root: Path, count: int, only: str | None) -> bool:
    make_many_files(root / "files", count)
    calm = Settings(data=root / "calm" / "data")
    calm.data.parent.mkdir()
    undisturbed = bukti("ingest", *map(str, sorted((root / "files").iterdir())), "--json", data=calm.data)
    assert undisturbed.returncode in (0, 1), undisturbed.stderr
    expected = snapshot(calm)
    counted = (f"{len(held) if isinstance(held, list) else held} {part}" for part, held in expected.items())
    print(f"{count} files handed in, undisturbed: {', '.join(counted)}", flush=True)

    def weather(chosen: tuple[storms.Storm, ...], servers: Mapping[str, Any]) -> list[bool]:
        wanted = [storm for storm in chosen if only in (None, storm.__name__)]
        return [_survives(storm, root, servers, expected) for storm in wanted]

    whole = weather(EMBEDDED, {})
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        servers: dict[str, Any] = {
            server.name: stack.enter_context(server(folder)) for server in (Postgres, Redis, S3, Elasticsearch)
        }
        whole += weather(ON_SERVERS, servers)
        servers["elasticsearch"].stop()
        servers["elasticsearch"] = stack.enter_context(Elasticsearch(folder / "cluster", nodes=3))
        whole += weather(ON_A_CLUSTER, servers)
    return all(whole)


def _survives(storm: storms.Storm, root: Path, servers: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """One storm over a fresh instance: what was seen, and what is there at the end that should not be, or is not."""
    print(f"\n{storm.__name__}: {storm.__doc__}", flush=True)
    begun = time.monotonic()
    for server in servers.values():
        server.start()  # the storm before may have left it killed
    settings = Settings(
        data=root / storm.__name__ / "data", lease_seconds=5, workers=2, **(fresh_urls(servers) if servers else {})
    )
    settings.data.parent.mkdir()
    files = sorted((root / "files").iterdir())
    with office(settings) as at:
        try:
            for seen in storm(at, files, servers):
                print(f"  {time.monotonic() - begun:3.0f} s  {seen}", flush=True)
        except (AssertionError, OSError, ServerFailed, ServerMissing) as error:
            print(f"  NOT SURVIVED: {type(error).__name__}: {error}", flush=True)
            return False
        took = time.monotonic() - begun
        ended = sum(worker.poll() is not None for worker in at.workers)
        different = differences(expected, snapshot(settings))
    print(f"  {took:3.0f} s  all worked off; workers that ended by themselves: {ended or 'none'}")
    print(f"  differs from the undisturbed run in: {'nothing' if not different else ''}")
    for line in different[:20]:
        print(f"    {line}")
    return not (different or ended)


def make_many_files(folder: Path, count: int) -> None:
    """The demonstration's documents, archives, long texts and scans, and letters of three kinds up to so many files."""
    for number in range(count - make_files(folder)):
        lines = [
            f"Nomor 555/{number + 1}/Diskominfo/2025",
            f"Laporan {_TOPICS[number % len(_TOPICS)]} triwulan {number % 4 + 1}",
            f"Kegiatan {_TOPICS[number // 3 % len(_TOPICS)]} telah dilaksanakan pada {number + 3} perangkat daerah.",
        ]
        name = f"Surat {number + 1:03} {_TOPICS[number % len(_TOPICS)]}"
        match number % 3:
            case 0:
                (folder / f"{name}.txt").write_text("\n".join(lines))
            case 1:
                (folder / f"{name}.pdf").write_bytes(text_pdf(lines, [f"Lampiran {name}"]))
            case _:
                (folder / f"{name}.docx").write_bytes(_word_file(lines))


def _word_file(lines: list[str]) -> bytes:
    document, target = docx.Document(), io.BytesIO()
    for line in lines:
        document.add_paragraph(line)
    document.save(target)
    return target.getvalue()


if __name__ == "__main__":
    main()
