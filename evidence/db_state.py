"""A look at the database without changing it: which server, whose clock, whose tables; its faults in words."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from evidence.errors import DatabaseUnavailable, InvalidInput

_OLDEST_POSTGRES = 14
_TABLES = {
    "missing": "tabel belum dibuat; dibuat saat Bukti pertama kali dijalankan",
    "older": "tabel dari versi lama; diperbarui saat Bukti dijalankan",
    "current": "tabel sesuai versi ini",
}
# libpq gives no codes while it connects, only sentences.
_FAULTS = {
    "password authentication failed": "nama pengguna atau kata sandi salah; perbaiki BUKTI_DATABASE_URL",
    "no password supplied": "kata sandi tidak ada; perbaiki BUKTI_DATABASE_URL",
    "no pg_hba.conf entry": "server menolak mesin ini; izinkan pengguna dan alamatnya di pg_hba.conf",
    "database": "basis data {database} belum ada; buat dengan: createdb -O {user} {database}",
    "role": "pengguna {user} belum ada; buat dengan: createuser --pwprompt {user}",
    "connection slots": "semua sambungan server sedang terpakai; naikkan max_connections",
    "too many clients": "semua sambungan server sedang terpakai; naikkan max_connections",
    "starting up": "server sedang mulai; coba lagi sebentar lagi",
    "shutting down": "server sedang dihentikan",
}
_UNREACHABLE = "{host}:{port} tidak terjangkau; periksa alamatnya dan apakah PostgreSQL berjalan"


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """`tables`: missing, older, or current. `clock` is the server's, None where there is no server."""

    server: str
    tables: str
    clock: datetime | None = None

    def __str__(self) -> str:
        return f"{self.server}, {_TABLES[self.tables]}"


def look_at_database(url: str) -> DatabaseState:
    """Raises DatabaseUnavailable, InvalidInput; makes neither a file nor a table."""
    try:
        address = make_url(url)
        dialect = address.get_backend_name()
    except ArgumentError as error:
        raise InvalidInput(
            "BUKTI_DATABASE_URL tidak dapat dibaca; bentuknya postgresql://user:sandi@host/nama."
        ) from error
    if dialect == "sqlite":
        return _look_at_sqlite(Path(address.database or ""))
    if dialect != "postgresql":
        raise InvalidInput("BUKTI_DATABASE_URL hanya menerima postgresql://.")
    engine = create_engine(address, connect_args={"connect_timeout": 5}, hide_parameters=True)
    try:
        with engine.connect() as connection:
            return _look_at_postgres(connection)
    except DBAPIError as error:
        raise DatabaseUnavailable(detail=_in_words(str(error.orig), address)) from error
    finally:
        engine.dispose()


def _look_at_sqlite(path: Path) -> DatabaseState:
    server = f"SQLite {sqlite3.sqlite_version}"
    if not path.exists():
        return DatabaseState(server, "missing")
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("pragma schema_version")
            return DatabaseState(server, _tables(connection))
    except DBAPIError as error:
        raise DatabaseUnavailable(detail=f"{path}: {error.orig}") from error
    finally:
        engine.dispose()


def _look_at_postgres(connection: Connection) -> DatabaseState:
    number = int(connection.scalar(text("show server_version_num")) or 0)
    server = f"PostgreSQL {number // 10_000}.{number % 10_000}"
    if number // 10_000 < _OLDEST_POSTGRES:
        raise DatabaseUnavailable(detail=f"{server} terlalu lama; perlu versi {_OLDEST_POSTGRES} atau lebih baru")
    if connection.scalar(text("show server_encoding")) != "UTF8":
        raise DatabaseUnavailable(
            detail="basis datanya tidak memakai UTF8; buat lagi dengan: createdb -E UTF8 -T template0"
        )
    if connection.scalar(text("show transaction_read_only")) == "on":
        raise DatabaseUnavailable(detail=f"{server} hanya dapat dibaca (salinan siaga?); arahkan ke server utama")
    tables = _tables(connection)
    may_create = text("select has_schema_privilege(current_schema(), 'create')")
    if tables != "current" and not connection.scalar(may_create):
        raise DatabaseUnavailable(detail="penggunanya tidak boleh membuat tabel; jadikan ia pemilik basis data")
    return DatabaseState(server, tables, connection.scalar(text("select clock_timestamp()")))


def _tables(connection: Connection) -> str:
    config = Config()
    config.set_main_option("script_location", str(resources.files("evidence") / "migrations"))
    script = ScriptDirectory.from_config(config)
    held = MigrationContext.configure(connection).get_current_revision()
    if held is None:
        return "missing"
    if held not in {revision.revision for revision in script.walk_revisions()}:
        raise DatabaseUnavailable(detail="tabelnya dari versi Bukti yang lebih baru; perbarui Bukti di mesin ini")
    return "current" if held == script.get_current_head() else "older"


def _in_words(said: str, address: URL) -> str:
    names = {
        "host": address.host,
        "port": address.port or 5432,
        "user": address.username,
        "database": address.database,
    }
    for words, fault in _FAULTS.items():
        missing = words in ("database", "role")
        if (f'{words} "' in said and "does not exist" in said) if missing else words in said:
            return fault.format(**names)
    # Whatever the server itself answers begins so.
    return said.partition("\n")[0] if "FATAL:" in said else _UNREACHABLE.format(**names)
