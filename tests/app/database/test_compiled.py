"""Values reach the driver and come back as SQLAlchemy's types write and read them."""

from datetime import date, datetime
from enum import Enum
from uuid import UUID

import apsw
import pytest
from pydantic import BaseModel
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy import Enum as EnumType
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.schema import CreateTable

from app.database import Database, Query, Transaction
from app.database.compiled import Compiler

pytestmark = pytest.mark.anyio


class Side(Enum):
    LIGHT = "of the light"
    DARK = "of the dark"


class Event(BaseModel):
    id: int
    at: datetime | None
    day: date
    done: bool
    key: UUID
    side: Side
    details: dict[str, list[int]]
    proof: bytes
    note: str | None


_EVENTS = Table(
    "event",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("at", DateTime),
    Column("day", Date),
    Column("done", Boolean),
    Column("key", Uuid),
    Column("side", EnumType(Side)),
    Column("details", JSON),
    Column("proof", LargeBinary),
    Column("note", String),
)
_INSERT = Query(Event, insert(_EVENTS).returning(_EVENTS))
_READ = Query(Event, select(_EVENTS).where(_EVENTS.c.id == bindparam("event_id")))
_AT = Query(Event, select(_EVENTS).where(_EVENTS.c.at == bindparam("at", type_=DateTime)))
_UPDATE = Query(Event, update(_EVENTS).where(_EVENTS.c.id == bindparam("event_id")).returning(_EVENTS))

_MOMENT = datetime(2026, 2, 28, 23, 59, 59, 999999)
_VALUES = {
    "at": _MOMENT,
    "day": date(2024, 2, 29),
    "done": True,
    "key": UUID("0b6b0f5e-57f5-4bd1-8d6c-3f1f4f1c2a77"),
    "side": Side.DARK,
    "details": {"pages": [1, 2]},
    "proof": b"\x00\xff",
    "note": None,
}


@pytest.fixture
async def events(database: Database) -> Database:
    """A database that has the table of events, too."""

    async def create(transaction: Transaction) -> None:
        driver: apsw.Connection = transaction.driver  # type: ignore[attr-defined]
        driver.execute(str(CreateTable(_EVENTS).compile(dialect=dialect())))

    await database.transaction(create)
    return database


async def test_every_type_survives_the_way_to_the_file_and_back(events: Database) -> None:
    expected = Event.model_validate({"id": 1, **_VALUES})

    assert await events.transaction(lambda transaction: transaction.fetch_one(_INSERT, **_VALUES)) == expected
    assert await events.fetch_one(_READ, event_id=1) == expected
    assert await events.fetch(_AT, at=_MOMENT) == [expected]


async def test_null_stays_null_whatever_the_type(events: Database) -> None:
    await events.transaction(lambda transaction: transaction.fetch_one(_INSERT, **_VALUES))

    changed = await events.transaction(lambda transaction: transaction.fetch_one(_UPDATE, event_id=1, at=None))

    assert changed == Event.model_validate({"id": 1, **_VALUES, "at": None})
    assert await events.fetch(_READ, event_id=1) == [changed]


async def test_a_value_that_its_type_cannot_write_changes_nothing(events: Database) -> None:
    with pytest.raises(TypeError, match="datetime"):
        await events.transaction(lambda transaction: transaction.fetch_one(_INSERT, **{**_VALUES, "at": "yesterday"}))

    assert await events.fetch(_READ, event_id=1) == []


def _compiler() -> Compiler:
    return Compiler(dialect(paramstyle="named"))


def test_a_query_is_compiled_once_for_each_set_of_parameters() -> None:
    compiler = _compiler()

    assert compiler(_UPDATE, ["event_id", "note"]) is compiler(_UPDATE, ["event_id", "note"])
    assert compiler(_UPDATE, ["event_id", "note"]) is not compiler(_UPDATE, ["event_id", "done"])


def test_an_update_writes_the_columns_that_it_is_given_and_no_other() -> None:
    sql = " ".join(_compiler()(_UPDATE, ["event_id", "note", "done"]).sql.split())

    assert sql.startswith("UPDATE event SET done=:done, note=:note WHERE event.id = :event_id RETURNING ")


_VERSIONED = Table(
    "versioned",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("version", Integer, default=1, onupdate=2),
)


class Versioned(BaseModel):
    id: int
    version: int


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (_READ, ["hero_id"]),
        (_READ, []),
        (_READ, ["event_id", "hero_id"]),
        (_UPDATE, ["event_id", "note", "noet"]),
        (Query(Versioned, insert(_VERSIONED).returning(_VERSIONED)), ["id"]),
        (Query(Versioned, update(_VERSIONED).returning(_VERSIONED)), ["id"]),
    ],
    ids=["misspelled", "missing", "unknown", "no such column", "default of Python", "onupdate of Python"],
)
def test_parameters_are_refused_that_are_not_those_of_the_statement(query: Query[BaseModel], names: list[str]) -> None:
    with pytest.raises(ValueError, match="parameter"):
        _compiler()(query, names)
