"""The tables hold what the contract allows, and nothing else, whoever writes to them."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import apsw
import pytest
import yaml
from pydantic import BaseModel, Field

from app.tables import Hero, checks
from generated.schemas import HeroCreate
from tests.service import ROOT

Value: TypeAlias = str | int | None

_SCHEMAS: dict[str, Any] = yaml.safe_load((ROOT / "openapi.yaml").read_text())["components"]["schemas"]
_VALID: dict[str, Value] = {"id": 1, "name": "Deadpond", "age": 48, "secret_name": "Dive Wilson"}


def _columns() -> dict[str, dict[str, Any]]:
    """What the contract says of each property of a hero, by the column that keeps it."""
    properties = {**_SCHEMAS["HeroCreate"]["properties"], **_SCHEMAS["HeroPublic"]["properties"]}
    return {name: _SCHEMAS[schema["$ref"].rpartition("/")[2]] for name, schema in properties.items()}


def _edges() -> Iterator[tuple[str, Value, bool]]:
    """Column, value, and whether the contract allows it: on each bound, and one beyond."""
    for name, schema in _columns().items():
        if "maxLength" in schema:
            least, most = schema["minLength"], schema["maxLength"]
            # Characters count, not bytes, nor UTF-16.
            yield from ((name, "\U0001f9b8" * length, True) for length in (least, most))
            yield from ((name, "x" * length, False) for length in (least - 1, most + 1))
        else:
            least, most = schema["minimum"], schema["maximum"]
            yield from ((name, value, True) for value in (least, most))
            yield from ((name, value, False) for value in (least - 1, most + 1))


@pytest.fixture
def file(empty_database: Path, tmp_path: Path) -> Iterator[apsw.Connection]:
    """A connection to a migrated file of the test's own."""
    connection = apsw.Connection(str(shutil.copy(empty_database, tmp_path / "heroes.db")))
    yield connection
    connection.close()


def _insert(file: apsw.Connection, **changes: Value) -> None:
    row = {**_VALID, **changes}
    columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    file.execute(f"INSERT INTO hero ({columns}) VALUES ({values})", row)  # noqa: S608 (of our own names)


def test_each_property_of_a_hero_has_a_column(file: apsw.Connection) -> None:
    assert {name for _, name, *_ in file.execute("PRAGMA table_info(hero)")} == _columns().keys()


def test_each_check_has_the_bounds_of_the_contract(file: apsw.Connection) -> None:
    sql = str(file.execute("SELECT sql FROM sqlite_schema WHERE name = 'hero'").get)
    expected = {
        f"hero_{name}": (
            f"length({name}) >= {schema['minLength']} AND length({name}) <= {schema['maxLength']}"
            if "maxLength" in schema
            else f"{name} >= {schema['minimum']} AND {name} <= {schema['maximum']}"
        )
        for name, schema in _columns().items()
    }

    assert dict(re.findall(r"CONSTRAINT (\w+) CHECK \((.+)\)", sql)) == expected, (
        "the bounds of a hero changed in openapi.yaml: write a migration that gives the CHECK constraints the new ones"
    )


def test_a_column_takes_null_where_the_contract_does(file: apsw.Connection) -> None:
    required = {name: bool(not_null) for _, name, _, not_null, *_ in file.execute("PRAGMA table_info(hero)")}

    assert required == {name: "null" not in schema["type"] for name, schema in _columns().items()}


@pytest.mark.parametrize(("column", "value"), [edge[:2] for edge in _edges() if edge[2]])
def test_a_row_on_a_bound_of_the_contract_is_stored(file: apsw.Connection, column: str, value: Value) -> None:
    _insert(file, **{column: value})

    assert file.execute(f"SELECT {column} FROM hero").get == value  # noqa: S608 (of our own names)


@pytest.mark.parametrize(("column", "value"), [edge[:2] for edge in _edges() if not edge[2]])
def test_a_row_beyond_a_bound_of_the_contract_is_refused(file: apsw.Connection, column: str, value: Value) -> None:
    with pytest.raises(apsw.ConstraintError, match=f"hero_{column}$"):
        _insert(file, **{column: value})

    assert file.execute("SELECT count(*) FROM hero").get == 0


@pytest.mark.parametrize("column", [name for name, schema in _columns().items() if "null" in schema["type"]])
def test_a_nullable_column_takes_null(file: apsw.Connection, column: str) -> None:
    _insert(file, **{column: None})

    assert file.execute(f"SELECT {column} IS NULL FROM hero").get == 1  # noqa: S608 (of our own names)


def test_an_id_is_not_used_again_after_its_hero_is_gone(file: apsw.Connection) -> None:
    for _ in range(2):
        file.execute("INSERT INTO hero (name, secret_name) VALUES ('Deadpond', 'Dive Wilson')")
        file.execute("DELETE FROM hero")

    assert file.execute("INSERT INTO hero (name, secret_name) VALUES ('a', 'b') RETURNING id").get == 3


class _Tight(BaseModel):
    name: Annotated[str, Field(min_length=2, max_length=3)]
    rank: Annotated[int | None, Field(ge=-5, le=7)]
    level: Annotated[int, Field(ge=0)]
    motto: str


def test_checks_follow_the_schema() -> None:
    found = {check.name: str(check.sqltext) for check in checks(_Tight)}

    assert found == {
        "hero_name": "length(name) >= 2 AND length(name) <= 3",
        "hero_rank": "rank >= -5 AND rank <= 7",
        "hero_level": "level >= 0",
    }


def test_of_several_schemas_the_first_that_has_a_field_decides() -> None:
    found = {check.name: str(check.sqltext) for check in checks(_Tight, HeroCreate)}

    assert found["hero_name"] == "length(name) >= 2 AND length(name) <= 3"
    assert found["hero_secret_name"] == "length(secret_name) >= 1 AND length(secret_name) <= 100"


def test_the_secret_name_is_stored_and_not_public() -> None:
    assert "secret_name" in Hero.__table__.columns  # type: ignore[attr-defined]
    assert "secret_name" not in _SCHEMAS["HeroPublic"]["properties"]
