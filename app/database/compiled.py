"""Statements as a driver takes them: compiled once by SQLAlchemy, then run without it."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy.engine import Dialect

from app.database.interface import Query

Row = TypeVar("Row", bound=BaseModel)
_Convert = Callable[[object], object]


class Compiled:
    """One statement for one set of parameter names: its text, and what turns values into the driver's and back."""

    def __init__(self, query: Query[BaseModel], names: Sequence[str], dialect: Dialect) -> None:
        compiled = query.statement.compile(dialect=dialect, column_keys=list(names))
        self.sql = str(compiled)
        # A driver binds NULL to a name without a value, and passes over a value without a name.
        computed = [str(column) for column in (*compiled.insert_prefetch, *compiled.update_prefetch)]
        required = {name for name, bind in compiled.binds.items() if bind.required}
        if computed or not required <= set(names) <= compiled.binds.keys():
            wanted = ", ".join([*sorted(required), *computed])
            raise ValueError(
                f"a query for {query.model.__name__} takes the parameters {wanted}, not {', '.join(names)}"
            )
        self._defaults = {name: value for name, value in compiled.params.items() if name not in names}
        binds = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
        self._binds: dict[str, _Convert] = {name: convert for name, convert in binds.items() if convert}
        columns = list(query.statement.exported_columns)
        self._columns = [str(column.key) for column in columns]
        self._results: list[_Convert | None] = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
        ]
        self._converts = any(self._results)

    def bind(self, parameters: dict[str, object]) -> dict[str, object]:
        """The values for the driver, by parameter name."""
        values = {**self._defaults, **parameters}
        for name, convert in self._binds.items():
            values[name] = convert(values[name])
        return values

    def read(self, query: Query[Row], rows: Iterable[Sequence[object]]) -> list[Row]:
        """The driver's rows as models. Raises pydantic.ValidationError where a row breaks the contract."""
        if self._converts:
            rows = [
                [convert(value) if convert else value for convert, value in zip(self._results, row, strict=True)]
                for row in rows
            ]
        return query.rows.validate_python([dict(zip(self._columns, row, strict=True)) for row in rows])


class Compiler:
    """Compiles each query once for each set of parameter names that it is run with."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._compiled: dict[tuple[object, ...], Compiled] = {}

    def __call__(self, query: Query[Row], names: Iterable[str]) -> Compiled:
        key = (query, *names)
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = Compiled(query, key[1:], self._dialect)  # type: ignore[arg-type]
        return compiled
