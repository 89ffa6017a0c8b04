"""The database: engine, short transactions, migrations. The same models and code serve SQLite and PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, DateTime, Dialect, Engine, Insert, TypeDecorator, create_engine, event, insert, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session

from evidence.errors import DatabaseUnavailable, StorageFull

_LOCK_SECONDS = 30
_LOOK_SECONDS = 0.02
_POSTGRES_FULL = "53100"


def uuid7() -> uuid.UUID:
    """A UUID version 7 (RFC 9562): ids made later are larger, also within a millisecond (section 6.2, method 3)."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    chance = int.from_bytes(os.urandom(8), "big") >> 2
    return uuid.UUID(int=(milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0x2 << 62) | chance)


def now() -> datetime:
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in, aware UTC datetimes out; SQLite has no time zones of its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime reached the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Database:
    """One request or task, one short transaction: `transaction()` writes and commits at its end, `reading()` reads.

    Raises DatabaseUnavailable when the server cannot be reached; what was begun is undone.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        options: dict[str, Any] = {"connect_args": {"timeout": _LOCK_SECONDS}}
        if url.startswith("postgresql"):
            # A connection that a restart of the server has cut is noticed before it is used.
            options = {"connect_args": {"connect_timeout": 5}, "pool_pre_ping": True, "pool_size": 20}
        self.engine = create_engine(url, hide_parameters=True, **options)
        self._writing = self.engine.execution_options(begin="IMMEDIATE")
        self._turn: AbstractContextManager[object] = nullcontext()
        if self.engine.dialect.name == "sqlite":
            _prepare_sqlite(self.engine)
            # SQLite lets one writer in and the others sleep for longer and longer; threads can wait better than that.
            self._turn = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        with (
            self._turn,
            _in_words(),
            Session(self._writing, expire_on_commit=False) as session,
            session.begin(),
            _discarded(session),
        ):
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with _in_words(), Session(self.engine, expire_on_commit=False) as session, _discarded(session):
            yield session

    def ping(self) -> None:
        with _in_words(), self.engine.connect() as connection:
            connection.execute(text("select 1"))

    def migrate(self) -> None:
        """Bring the tables to this version's form; raises DatabaseUnavailable."""
        config = Config()
        config.set_main_option("script_location", str(resources.files("evidence") / "migrations"))
        try:
            with self._writing.begin() as connection:
                # Several processes may start at once; the first migrates, the others wait for it.
                _lock(connection, "migrate")
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except DatabaseError as error:
            if _is_full(error):
                raise StorageFull() from error
            raise DatabaseUnavailable(detail=error.orig) from error

    def close(self) -> None:
        self.engine.dispose()


def lock(session: Session, name: str) -> None:
    """Let only one transaction at a time go on from here with this name; until its end.

    For what must be looked at before it is written. SQLite's writers are alone anyway.
    """
    _lock(session.connection(), name)


def clock(session: Session) -> datetime:
    """The time by which processes wait for each other: a server's, the one clock that all of them share."""
    if session.get_bind().dialect.name == "postgresql":
        at: datetime = session.connection().execute(_CLOCK).scalar_one()
        return at
    return now()


_CLOCK = text("select clock_timestamp()")


def insert_row(session: Session, table: type[DeclarativeBase], **columns: Any) -> None:
    """Write one row straight to its table: where many are written, the mapper's way costs more than the database's."""
    session.connection().execute(_insert_into(table), columns)


def insert_new(session: Session, table: type[DeclarativeBase], **columns: Any) -> None:
    """Write one row unless one with its key (any unique one) is there already."""
    session.connection().execute(_upsert_into(table, session.get_bind().dialect.name, ()), columns)


def put_row(session: Session, table: type[DeclarativeBase], changed: tuple[str, ...], **columns: Any) -> None:
    """Write one row; where its primary key is there already, its columns `changed` take the new values."""
    session.connection().execute(_upsert_into(table, session.get_bind().dialect.name, changed), columns)


@cache
def _insert_into(table: type[DeclarativeBase]) -> Insert:
    return insert(table.metadata.tables[table.__tablename__])


@cache
def _upsert_into(table: type[DeclarativeBase], dialect: str, changed: tuple[str, ...]) -> Insert:
    target = table.metadata.tables[table.__tablename__]
    statement = sqlite.insert(target) if dialect == "sqlite" else postgresql.insert(target)
    if not changed:
        return statement.on_conflict_do_nothing()
    return statement.on_conflict_do_update(
        index_elements=list(target.primary_key.columns), set_={name: statement.excluded[name] for name in changed}
    )


def _lock(connection: Connection, name: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_ADVISORY_LOCK, {"name": name})


_ADVISORY_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")


@contextmanager
def _in_words() -> Iterator[None]:
    """A server that is gone or refuses us is told as such, and so is a full disk; any other fault of the database stays
    what it is."""
    try:
        yield
    except DBAPIError as error:
        if _is_full(error):
            raise StorageFull() from error
        # Without a connection there was no statement; one that was cut is marked.
        if error.connection_invalidated or error.statement is None:
            raise DatabaseUnavailable(detail=str(error.orig).partition("\n")[0]) from error
        raise


def _is_full(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", None) or getattr(error.orig, "sqlstate", None)
    return code in (sqlite3.SQLITE_FULL, _POSTGRES_FULL)


@contextmanager
def _discarded(session: Session) -> Iterator[None]:
    """A result that was half read when the error came may hang on its connection as long as the traceback lives, and
    holds an old snapshot there: SQLite would refuse the next writer on that connection at once."""
    try:
        yield
    except BaseException:
        if session.get_bind().dialect.name == "sqlite":
            session.connection().invalidate()
        raise


def _use_wal(cursor: Any) -> None:
    """A new database changes its form once, and SQLite does not wait for another process that does the same."""
    end = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            cursor.execute("pragma journal_mode=wal")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(_LOOK_SECONDS)


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        _use_wal(cursor)
        # NORMAL survives kill -9 but not a power cut: an acknowledged upload must survive both.
        cursor.execute("pragma synchronous=full")
        cursor.execute("pragma foreign_keys=on")
        cursor.execute(f"pragma busy_timeout={_LOCK_SECONDS * 1000}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A deferred transaction that later wants to write can fail at once with "database is locked"; a writer
        # therefore takes the write lock at its beginning and waits for it there.
        connection.exec_driver_sql(f"begin {connection.get_execution_options().get('begin', 'DEFERRED')}")
