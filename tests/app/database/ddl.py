"""The tables as DDL of each engine. `python -m tests.app.database.ddl` writes it to tables.sql, to be reviewed."""

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement
from sqlmodel import SQLModel

from app import tables

PATH = Path(__file__).parent / "tables.sql"


def ddl() -> str:
    """What creates the tables and their indexes, on each engine."""
    assert tables.Hero.metadata is SQLModel.metadata
    sections = []
    for engine in ("sqlite", "postgresql"):
        sections.append(f"-- {engine}")
        dialect = make_url(f"{engine}://").get_dialect()()
        for table in SQLModel.metadata.sorted_tables:
            indexes = sorted(table.indexes, key=lambda index: str(index.name))
            statements: list[DDLElement] = [CreateTable(table), *map(CreateIndex, indexes)]
            for statement in statements:
                lines = str(statement.compile(dialect=dialect)).strip().splitlines()
                sections.append("\n".join(line.rstrip() for line in lines) + ";")
    return "\n\n".join(sections) + "\n"


if __name__ == "__main__":
    PATH.write_text(ddl())
