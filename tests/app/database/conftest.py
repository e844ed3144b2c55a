"""An open database, and who stands in its way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TypeAlias, TypeVar

import apsw
import pytest
from pydantic import BaseModel
from typing_extensions import override

from app.database import Database, Query, Transaction, connect
from app.settings import Settings

Row = TypeVar("Row", bound=BaseModel)
Result = TypeVar("Result")
Lock: TypeAlias = Callable[[], AbstractContextManager[None]]

# Far more than anything here takes; only what hangs is still there after it.
PATIENCE = 20


class Impatient(Database):
    """Passes everything on, and raises TimeoutError where the caller would wait for ever."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    async def open(self) -> None:
        await self._database.open()

    @override
    async def close(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._database.close()

    @override
    async def fetch(self, query: Query[Row], /, **parameters: object) -> list[Row]:
        return await self._database.fetch(query, **parameters)

    @override
    async def transaction(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        async with asyncio.timeout(PATIENCE):
            return await self._database.transaction(work)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def database_path(settings: Settings) -> Path:
    """The file behind `settings`, and so behind `database` and `client`."""
    return Path(settings.database_url.removeprefix("sqlite:///"))


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """A database that keeps no hero yet."""
    database = Impatient(connect(settings.database_url))
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def lock(database_path: Path) -> Lock:
    """Holds the file as another process would that writes and does not finish."""

    @contextmanager
    def hold() -> Iterator[None]:
        with closing(apsw.Connection(str(database_path))) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.execute("ROLLBACK")

    return hold
