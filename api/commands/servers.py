"""What `bukti doctor` asks each server: does it answer, may we use it, is its clock ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection

from evidence.analysis import Analyser
from evidence.db import now
from evidence.db_state import look_at_database
from evidence.errors import FilesUnavailable
from evidence.files import DerivedKey, open_files
from evidence.settings import Settings
from search.index import open_index

CLOCK_LIMIT = timedelta(seconds=60)
_NOT_YET = "belum dibuat; dibuat saat Bukti pertama kali dijalankan"


@dataclass(frozen=True, slots=True)
class Seen:
    """A part that works. `ahead`: how far the server's clock is before ours, None where it does not tell."""

    detail: str
    ahead: timedelta | None = None


def see_database(settings: Settings) -> Seen:
    state = look_at_database(settings.database)
    return Seen(str(state), _ahead(state.clock))


def see_files(settings: Settings) -> Seen:
    files = open_files(settings)
    detail, probe, said = files.ping(), DerivedKey("probe", "doctor"), now().isoformat().encode()
    files.put_derived(probe, said)
    if files.get_derived(probe) != said:
        raise FilesUnavailable(detail="apa yang ditulis tidak terbaca kembali")
    return Seen(detail, _ahead(_clock_of_s3(settings.files_url)) if settings.files_url else None)


def see_index(settings: Settings) -> Seen:
    fresh = look_at_database(settings.database).tables == "missing"
    ahead, detail = None, "tantivy"
    if settings.search_url:
        from search.elastic.state import look_at_cluster

        state = look_at_cluster(settings.search_url)
        ahead, detail = _ahead(state.clock), state.server
        if fresh:  # before the first start there is no index to be missed
            return Seen(f"{detail}, {_NOT_YET}", ahead)
    elif not settings.index_dir.exists():
        return Seen(_NOT_YET)
    index = open_index(settings, Analyser(), writable=False)
    try:
        index.ping()
    finally:
        index.close()
    return Seen(detail, ahead)


def see_broker(settings: Settings) -> Seen:
    if not settings.broker_url:
        return Seen("tanpa broker: satu proses mengerjakan semuanya")
    from ingest.broker import check_broker

    state = check_broker(settings.broker_url)
    return Seen(state.server, _ahead(state.clock))


def _ahead(clock: datetime | None) -> timedelta | None:
    return clock - now() if clock else None


def _clock_of_s3(url: str) -> datetime | None:
    """What any answer says, also a refusal; a server that has just answered but now does not is no fault here."""
    from evidence.s3_bucket import Address

    address = Address.parse(url)
    connection = (HTTPSConnection if address.secure else HTTPConnection)(address.endpoint, timeout=5)
    try:
        connection.request("HEAD", "/")
        said = connection.getresponse().headers["Date"]
        return parsedate_to_datetime(said) if said else None
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
