"""The tables. Columns, lengths and nullability come from the generated schemas, and so do the CHECK constraints."""

from collections.abc import Iterator

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel
from sqlalchemy import BigInteger, CheckConstraint, Index, Integer
from sqlmodel import Field, SQLModel

from generated.schemas import HeroCreate, HeroPublic

_COMPARISONS = {
    Gt: lambda name, bound: f"{name} > {bound.gt}",
    Ge: lambda name, bound: f"{name} >= {bound.ge}",
    Lt: lambda name, bound: f"{name} < {bound.lt}",
    Le: lambda name, bound: f"{name} <= {bound.le}",
    MinLen: lambda name, bound: f"length({name}) >= {bound.min_length}",
    MaxLen: lambda name, bound: f"length({name}) <= {bound.max_length}",
}


def checks(*schemas: type[BaseModel]) -> Iterator[CheckConstraint]:
    """The bounds of the schemas' fields as named CHECK constraints; the first schema that has a field decides."""
    fields = {name: field for schema in reversed(schemas) for name, field in schema.model_fields.items()}
    for name, field in fields.items():
        compared = [_COMPARISONS[type(bound)](name, bound) for bound in field.metadata if type(bound) in _COMPARISONS]
        if compared:
            yield CheckConstraint(" AND ".join(compared), name=f"hero_{name}")


# The bases agree at run time: SQLModel reads the configuration of both, and the age of HeroPublic is the narrower type.
class Hero(SQLModel, HeroPublic, HeroCreate, table=True):  # type: ignore[misc]
    """A stored hero: what the public may see and what its creator sent."""

    __table_args__ = (
        *checks(HeroPublic, HeroCreate),
        # One for each set of filters that the contract admits, ending in the order of the page.
        Index("hero_by_name", "name", "id"),
        Index("hero_by_age", "age", "id"),
        Index("hero_by_name_and_age", "name", "age", "id"),
        # An id must never be used again, not even that of the last hero deleted.
        {"sqlite_autoincrement": True},
    )

    # SQLite counts up by itself only where the type is spelled INTEGER.
    id: int = Field(default=None, primary_key=True, sa_type=BigInteger().with_variant(Integer, "sqlite"))


METADATA = SQLModel.metadata
