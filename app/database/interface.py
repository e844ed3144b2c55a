"""What the handlers see of a database: queries whose rows are validated models, and transactions."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel, TypeAdapter
from sqlalchemy import Delete, Insert, Select, Update

Row = TypeVar("Row", bound=BaseModel)
Result = TypeVar("Result")


class Unavailable(Exception):
    """The database cannot answer at the moment, and nothing was changed. The message never holds data."""


class Query(Generic[Row]):
    """A statement whose rows are instances of `model`. It is compiled once for each set of parameters it is given.

    As in SQLAlchemy, the parameters that name a column are the values of an INSERT or UPDATE, and the others fill in
    the `bindparam`s of the statement.

    Raises ValueError where the columns are not the fields of the model: a column too many could be one that nobody
    may see.
    """

    def __init__(self, model: type[Row], statement: Select[*tuple[object, ...]] | Insert | Update | Delete) -> None:
        columns = [str(column.name) for column in statement.exported_columns.values()]
        if sorted(columns) != sorted(model.model_fields):
            raise ValueError(f"a query for {model.__name__} must return its fields, not {', '.join(columns)}")
        self.model = model
        self.statement = statement
        self.rows = TypeAdapter(list[model])  # type: ignore[valid-type]


class Transaction(Protocol):
    """Runs queries, all of which see one state of the database and take effect together."""

    async def fetch(self, query: Query[Row], /, **parameters: object) -> list[Row]:
        """All rows. Raises Unavailable."""

    async def fetch_one(self, query: Query[Row], /, **parameters: object) -> Row | None:
        """The first row, if there is one. Raises Unavailable."""


class Database(ABC):
    """A pool of connections to one database. Outside of a transaction it only reads."""

    @abstractmethod
    async def open(self) -> None:
        """Connects. Raises Unavailable, or WrongRevision where the tables are not those of this version."""

    @abstractmethod
    async def close(self) -> None:
        """Finishes what was begun and disconnects."""

    @abstractmethod
    async def fetch(self, query: Query[Row], /, **parameters: object) -> list[Row]:
        """All rows, as one state of the database has them. Raises Unavailable."""

    async def fetch_one(self, query: Query[Row], /, **parameters: object) -> Row | None:
        """The first row, if there is one. Raises Unavailable."""
        return next(iter(await self.fetch(query, **parameters)), None)

    @abstractmethod
    async def transaction(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Runs `work` in one transaction and commits it; when this returns, the changes are on disk.

        `work` awaits nothing but its transaction, and has no other effects: it may run more than once. An exception
        undoes its changes. Raises Unavailable.
        """
