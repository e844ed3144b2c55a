"""Every statement that a handler can run finds its rows by an index, so that a request costs the same in any table."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from inspect import signature
from itertools import combinations
from pathlib import Path
from typing import TypeAlias, TypeVar

import apsw
import pytest
from pydantic import BaseModel
from sqlalchemy.dialects.sqlite import dialect
from typing_extensions import override

from app import heroes
from app.database import Database, Query, Transaction
from app.database.compiled import Compiler
from app.heroes import Heroes
from generated.api import HeroesApi
from generated.schemas import HeroCreate, HeroUpdate

pytestmark = pytest.mark.anyio

Row = TypeVar("Row", bound=BaseModel)
Result = TypeVar("Result")
Noted: TypeAlias = list[tuple[Query[BaseModel], dict[str, object]]]
Call: TypeAlias = Callable[[Heroes], Awaitable[object]]

_BY_ID = "SEARCH hero USING INTEGER PRIMARY KEY (rowid=?)"
_VALUES: dict[str, object] = {"name": "Deadpond", "age": 48, "secret_name": "Dive Wilson"}
_FILTERS = [
    name for name in signature(HeroesApi.list_heroes).parameters if name not in ("self", "offset", "limit", "after")
]


def _subsets(names: list[str]) -> Iterator[tuple[str, ...]]:
    for length in range(len(names) + 1):
        yield from combinations(names, length)


def _listing(filters: tuple[str, ...]) -> Call:
    values = {name: _VALUES[name] if name in filters else None for name in _FILTERS}
    return lambda handlers: handlers.list_heroes(offset=1, limit=10, after=1, **values)  # type: ignore[arg-type]


def _updating(fields: tuple[str, ...]) -> Call:
    body = HeroUpdate.model_validate({name: _VALUES[name] for name in fields})
    return lambda handlers: handlers.update_hero(hero_id=1, body=body)


def _creating(fields: tuple[str, ...]) -> Call:
    body = HeroCreate.model_validate({name: _VALUES[name] for name in fields})
    return lambda handlers: handlers.create_hero(body=body)


def _page_plan(filters: tuple[str, ...]) -> str:
    """The index made for these filters finds the rows in the order of the page."""
    if not filters:
        return "SEARCH hero USING INTEGER PRIMARY KEY (rowid>?)"
    found_by = " AND ".join([*(f"{name}=?" for name in filters), "id>?"])
    return f"SEARCH hero USING INDEX hero_by_{'_and_'.join(filters)} ({found_by})"


# By operation and fields: the call, and how SQLite may look for rows.
_CALLS: dict[tuple[str, ...], tuple[Call, list[str]]] = {
    ("read_hero",): (lambda handlers: handlers.read_hero(hero_id=1), [_BY_ID]),
    ("delete_hero",): (lambda handlers: handlers.delete_hero(hero_id=1), [_BY_ID]),
    **{("list_heroes", *names): (_listing(names), [_page_plan(names)]) for names in _subsets(_FILTERS)},
    **{("update_hero", *names): (_updating(names), [_BY_ID]) for names in _subsets([*HeroUpdate.model_fields])},
    ("create_hero", "name", "secret_name"): (_creating(("name", "secret_name")), []),
    ("create_hero", "name", "age", "secret_name"): (_creating(("name", "age", "secret_name")), []),
}


class NotingTransaction(Transaction):
    """Passes everything on, and notes which statements are run with which parameters."""

    def __init__(self, transaction: Transaction, noted: Noted) -> None:
        self._transaction = transaction
        self._noted = noted

    @override
    async def fetch(self, query: Query[Row], /, **parameters: object) -> list[Row]:
        self._noted.append((query, parameters))  # type: ignore[arg-type]
        return await self._transaction.fetch(query, **parameters)

    @override
    async def fetch_one(self, query: Query[Row], /, **parameters: object) -> Row | None:
        self._noted.append((query, parameters))  # type: ignore[arg-type]
        return await self._transaction.fetch_one(query, **parameters)


class NotingDatabase(Database):
    """Passes everything on, and notes which statements are run with which parameters."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.noted: Noted = []

    @override
    async def open(self) -> None:
        await self._database.open()

    @override
    async def close(self) -> None:
        await self._database.close()

    @override
    async def fetch(self, query: Query[Row], /, **parameters: object) -> list[Row]:
        self.noted.append((query, parameters))  # type: ignore[arg-type]
        return await self._database.fetch(query, **parameters)

    @override
    async def transaction(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        return await self._database.transaction(lambda transaction: work(NotingTransaction(transaction, self.noted)))


@pytest.mark.parametrize("call", _CALLS, ids=" ".join)
async def test_a_statement_finds_its_rows_by_the_index_made_for_it(
    database: Database, database_path: Path, call: tuple[str, ...]
) -> None:
    run, expected = _CALLS[call]
    noting = NotingDatabase(database)
    await run(Heroes(noting))

    [(query, parameters)] = noting.noted
    compiled = Compiler(dialect(paramstyle="named"))(query, parameters)
    with closing(apsw.Connection(str(database_path))) as file:
        steps = file.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", compiled.bind(parameters)).fetchall()
    # An index that has all columns is the better one.
    plan = [str(detail).replace("COVERING ", "") for *_, detail in steps]

    assert plan == expected, "an index in app/tables.py must begin with the filters and end with the order of the page"


async def test_no_statement_of_the_handlers_is_left_out_here(database: Database) -> None:
    noting = NotingDatabase(database)
    for run, _ in _CALLS.values():
        await run(Heroes(noting))
    named = {query for query in vars(heroes).values() if isinstance(query, Query)}

    assert {operation for operation, *_ in _CALLS} == HeroesApi.operations.keys(), "add the operation to _CALLS"
    assert named <= {query for query, _ in noting.noted}, "add a call that runs the statement to _CALLS"
