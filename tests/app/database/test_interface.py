"""A query returns the fields of its model, and nothing that nobody may see."""

import pytest
from sqlalchemy import Delete, Insert, Select, Update
from sqlmodel import col, delete, insert, select, update

from app.database import Query
from app.tables import Hero
from generated.schemas import HeroPublic

_ID, _NAME, _AGE, _SECRET = col(Hero.id), col(Hero.name), col(Hero.age), col(Hero.secret_name)

_REFUSED: dict[str, Select[*tuple[object, ...]] | Insert | Update | Delete] = {
    "a column too many": select(_ID, _NAME, _AGE, _SECRET),
    "all columns": select(Hero.__table__),  # type: ignore[attr-defined]
    "a column too few": select(_ID, _NAME),
    "another column": select(_ID, _NAME, _SECRET),
    "another name": select(_ID, _NAME, _AGE.label("years")),
    "an insert of all columns": insert(Hero).returning(_ID, _NAME, _AGE, _SECRET),
    "an insert that returns nothing": insert(Hero),
    "an update of too few columns": update(Hero).returning(_ID),
    "a delete that returns nothing": delete(Hero),
}


@pytest.mark.parametrize("kind", _REFUSED)
def test_a_statement_is_refused_whose_columns_are_not_the_fields_of_its_model(kind: str) -> None:
    with pytest.raises(ValueError, match="a query for HeroPublic must return its fields"):
        Query(HeroPublic, _REFUSED[kind])


def test_a_statement_is_refused_that_has_two_columns_of_one_name() -> None:
    with pytest.raises(ValueError, match="a query for HeroPublic must return its fields"):
        Query(HeroPublic, select(_ID, _NAME, _AGE, _SECRET.label("name")))


def test_the_order_of_the_columns_does_not_matter() -> None:
    assert Query(HeroPublic, select(_AGE, _ID, _NAME)).model is HeroPublic
