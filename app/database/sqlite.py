"""The embedded engine. Reads run where they are asked for; writes wait for one writer, which commits many at once.

The driver is apsw because it brings its own SQLite: releases up to 3.51.2 can corrupt a WAL file that several
processes write to (sqlite.org/wal.html, "The WAL-reset bug").
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar, cast

import apsw
from pydantic import BaseModel
from sqlalchemy.dialects.sqlite import dialect
from typing_extensions import override

from app.database.compiled import Compiler
from app.database.interface import Database, Query, Transaction, Unavailable
from app.database.migrate import check_revision

Row = TypeVar("Row", bound=BaseModel)
Result = TypeVar("Result")

# How long another process may hold the file: a writer has a thread to wait in, a reader would hold up the event loop.
_WRITER_PATIENCE = 1500
_READER_PATIENCE = 100
_LARGEST_GROUP = 256

_TROUBLE = (
    apsw.BusyError,
    apsw.CantOpenError,
    apsw.CorruptError,
    apsw.FullError,
    apsw.InterruptError,
    apsw.IOError,
    apsw.LockedError,
    apsw.NoMemError,
    apsw.NotADBError,
    apsw.PermissionsError,
    apsw.ProtocolError,
    apsw.ReadOnlyError,
)


class SQLite(Database):
    """A database file in WAL mode, shared by any number of processes on one machine."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._compiler = Compiler(dialect(paramstyle="named"))
        self._reader: _Connection | None = None
        self._writer: _Writer | None = None

    @override
    async def open(self) -> None:
        try:
            reader = apsw.Connection(self._path, flags=apsw.SQLITE_OPEN_READWRITE)
            reader.set_busy_timeout(_READER_PATIENCE)
            reader.execute("PRAGMA query_only = ON")
            check_revision(_revision(reader))
            writer = _Writer(self._path, self._compiler)
        except (apsw.CantOpenError, apsw.NotADBError) as error:
            advice = "is HEROES_DATABASE_URL right, and was `python -m app migrate` run?"
            raise Unavailable(f"{_unavailable(error)}: {advice}") from None
        except _TROUBLE as error:
            raise _unavailable(error) from None
        self._reader, self._writer = _Connection(reader, self._compiler), writer
        writer.start()

    @override
    async def close(self) -> None:
        if self._writer and self._reader:
            self._writer.jobs.put(None)
            await asyncio.to_thread(self._writer.join)
            self._reader.driver.close()
            self._reader = self._writer = None

    @override
    async def fetch(self, query: Query[Row], /, **parameters: object) -> list[Row]:
        assert self._reader, "the database is not open"
        try:
            return self._reader.run(query, parameters)
        except _TROUBLE as error:
            raise _unavailable(error) from None

    @override
    async def transaction(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        assert self._writer, "the database is not open"
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Result] = loop.create_future()
        self._writer.jobs.put(cast(_Job[object], _Job(work, loop, answer)))
        return await answer


class _Connection:
    """Runs queries on a connection of the driver. It is a Transaction too, whose methods never suspend."""

    def __init__(self, driver: apsw.Connection, compiler: Compiler) -> None:
        self.driver = driver
        self._compiler = compiler

    def run(self, query: Query[Row], parameters: dict[str, object]) -> list[Row]:
        compiled = self._compiler(query, parameters)
        bindings = cast("dict[str, apsw.SQLiteValue]", compiled.bind(parameters))
        return compiled.read(query, self.driver.execute(compiled.sql, bindings))

    async def fetch(self, query: Query[Row], /, **parameters: object) -> list[Row]:
        return self.run(query, parameters)

    async def fetch_one(self, query: Query[Row], /, **parameters: object) -> Row | None:
        return next(iter(self.run(query, parameters)), None)


@dataclass
class _Job(Generic[Result]):
    """One transaction that waits to be run, and who waits for it."""

    work: Callable[[Transaction], Awaitable[Result]]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Result]
    outcome: Result | BaseException | None = None

    def run(self, transaction: Transaction) -> None:
        """Runs the work to its end. It awaits nothing but the transaction, which never waits."""
        coroutine = cast(Coroutine[object, None, Result], self.work(transaction))
        try:
            coroutine.send(None)
        except StopIteration as stop:
            self.outcome = stop.value
        else:
            coroutine.close()
            raise RuntimeError("a transaction may await nothing but its own queries")

    def deliver(self) -> None:
        if self.answer.cancelled():
            return
        if isinstance(self.outcome, BaseException):
            self.answer.set_exception(self.outcome)
        else:
            self.answer.set_result(cast(Result, self.outcome))


class _Writer(threading.Thread):
    """The one thread of this process that writes.

    All transactions that wait are committed together, each in a savepoint of its own, so that one sync to disk serves
    them all and throughput grows with the number of writers.
    """

    def __init__(self, path: str, compiler: Compiler) -> None:
        super().__init__(name="sqlite-writer", daemon=True)
        self.jobs: SimpleQueue[_Job[object] | None] = SimpleQueue()
        self._driver = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
        self._driver.set_busy_timeout(_WRITER_PATIENCE)
        self._driver.execute("PRAGMA journal_mode = WAL")
        # FULL syncs at every commit; without it an acknowledged write could be lost when the power fails.
        self._driver.execute("PRAGMA synchronous = FULL")
        self._driver.execute("PRAGMA fullfsync = ON")
        self._connection = _Connection(self._driver, compiler)

    @override
    def run(self) -> None:
        stopping = False
        while not stopping:
            group = [self.jobs.get()]
            while group[-1] is not None and len(group) < _LARGEST_GROUP:
                try:
                    group.append(self.jobs.get_nowait())
                except Empty:
                    break
            stopping = group[-1] is None
            jobs = [job for job in group if job is not None]
            if jobs:
                self._commit(jobs)
        self._driver.close()

    def _commit(self, jobs: list[_Job[object]]) -> None:
        try:
            self._driver.execute("BEGIN IMMEDIATE")
            for job in jobs:
                self._attempt(job)
            self._driver.execute("COMMIT")
        except apsw.Error as error:
            with suppress(apsw.Error):  # it may have been rolled back already
                self._driver.execute("ROLLBACK")
            for job in jobs:
                job.outcome = _unavailable(error)
        for loop in {job.loop for job in jobs}:
            with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                loop.call_soon_threadsafe(_deliver, [job for job in jobs if job.loop is loop])

    def _attempt(self, job: _Job[object]) -> None:
        self._driver.execute("SAVEPOINT job")
        try:
            job.run(self._connection)
        except _TROUBLE:
            raise
        except BaseException as error:  # whatever it is, it is for the caller: this thread must live on
            self._driver.execute("ROLLBACK TO job")
            job.outcome = error
        self._driver.execute("RELEASE job")


def _deliver(jobs: list[_Job[object]]) -> None:
    for job in jobs:
        job.deliver()


def _unavailable(error: Exception) -> Unavailable:
    # The driver's own message may quote SQL.
    return Unavailable(f"SQLite: {type(error).__name__}")


def _revision(driver: apsw.Connection) -> str | None:
    """The revision of the tables, if there are any."""
    listed = driver.execute("SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'").fetchall()
    revision = driver.execute("SELECT version_num FROM alembic_version").get if listed else None
    return None if revision is None else str(revision)
