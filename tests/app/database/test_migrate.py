"""Migrations lead to the tables that app/tables.py describes, from whatever was there before."""

import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

from app import tables
from app.database import Unavailable
from app.database.migrate import WrongRevision, migrate
from tests.app.database.ddl import PATH as DDL_PATH
from tests.app.database.ddl import ddl
from tests.service import ROOT

_PATIENCE = 60
_DIFFERENT = "app/tables.py and app/database/migrations differ: write a migration for what changed, or change it back"

# Everything is imported before the processes part, so that they really begin at once.
_MIGRATE_EIGHT_TIMES = """
import multiprocessing
import sys
from alembic import command
from app import tables
from app.database.migrate import migrate

def run():
    start.wait()
    migrate(sys.argv[1])

forking = multiprocessing.get_context("fork")
start = forking.Barrier(8)
processes = [forking.Process(target=run) for _ in range(8)]
for process in processes:
    process.start()
for process in processes:
    process.join()
print([process.exitcode for process in processes])
"""


def _url(path: Path) -> str:
    return f"sqlite:///{path}"


def _config(path: Path) -> Config:
    config = Config(attributes={"url": _url(path)})
    config.set_main_option("script_location", str(ROOT / "app/database/migrations").replace("%", "%%"))
    return config


def _rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(apsw.Connection(str(path))) as connection:
        return connection.execute(sql).fetchall()


def _tables(path: Path) -> set[str]:
    return {str(name) for (name,) in _rows(path, "SELECT name FROM sqlite_schema WHERE type = 'table'")}


def _schema(path: Path) -> dict[str, tuple[str, list[str]]]:
    """Each table and index as its head and its clauses. Neither spaces nor the order of a table's clauses count."""
    described = {}
    for kind, name, sql in _rows(
        path, "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' AND name != 'alembic_version'"
    ):
        head, _, body = re.sub(r"\s+", " ", str(sql)).partition("(")
        body, _, options = body.rpartition(")")
        clauses = re.split(r", (?![^(]*\))", body.strip()) if kind == "table" else [body]
        described[str(name)] = (f"{head.strip()} {options.strip()}".strip(), sorted(clauses))
    return described


@pytest.fixture
def created(tmp_path: Path) -> Path:
    """A file whose tables were made straight from the metadata."""
    assert tables.Hero.metadata is SQLModel.metadata
    path = tmp_path / "created.db"
    engine = create_engine(_url(path), poolclass=NullPool)
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    return path


def test_migrated_tables_are_those_of_the_metadata(empty_database: Path, created: Path) -> None:
    assert _schema(empty_database) == _schema(created), _DIFFERENT


def test_ids_of_migrated_tables_count_up_for_ever(empty_database: Path) -> None:
    _, clauses = _schema(empty_database)["hero"]

    assert "id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT" in clauses


def test_alembic_finds_nothing_to_migrate(empty_database: Path) -> None:
    engine = create_engine(_url(empty_database), poolclass=NullPool)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata)
    engine.dispose()

    assert differences == [], _DIFFERENT


def test_the_ddl_of_both_engines_is_the_one_that_was_reviewed() -> None:
    assert ddl() == DDL_PATH.read_text(), (
        "the tables changed: write a migration, run `python -m tests.app.database.ddl` and review what it changes "
        f"in {DDL_PATH.relative_to(ROOT)}"
    )


def test_a_downgrade_to_base_leaves_no_table_and_can_be_upgraded_again(tmp_path: Path, created: Path) -> None:
    path = tmp_path / "heroes.db"
    migrate(_url(path))

    command.downgrade(_config(path), "base")

    assert _tables(path) <= {"alembic_version", "sqlite_sequence"}
    assert _rows(path, "SELECT * FROM alembic_version") == []
    assert _schema(path) == {}

    migrate(_url(path))

    assert _schema(path) == _schema(created)


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "heroes.db"
    migrate(_url(path))
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("INSERT INTO hero (name, secret_name) VALUES ('Deadpond', 'Dive Wilson')")
    before = [
        _schema(path),
        _rows(path, "SELECT * FROM hero"),
        _rows(path, "SELECT * FROM alembic_version"),
        _rows(path, "SELECT * FROM sqlite_sequence"),
    ]

    migrate(_url(path))

    assert before == [
        _schema(path),
        _rows(path, "SELECT * FROM hero"),
        _rows(path, "SELECT * FROM alembic_version"),
        _rows(path, "SELECT * FROM sqlite_sequence"),
    ]


def test_eight_processes_may_migrate_one_new_file_at_once(tmp_path: Path, created: Path) -> None:
    path = tmp_path / "heroes.db"
    ended = subprocess.run(
        [sys.executable, "-c", _MIGRATE_EIGHT_TIMES, _url(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )

    assert ended.stdout == f"{[0] * 8}\n", ended.stderr
    assert _schema(path) == _schema(created)
    assert len(_rows(path, "SELECT * FROM alembic_version")) == 1


def test_an_upgrade_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "heroes.db"
    with closing(apsw.Connection(str(path))) as connection:
        # In the way of the last index: the table itself can still be made.
        connection.execute("CREATE TABLE hero_by_name_and_age (x)")
    before = _rows(path, "SELECT * FROM sqlite_schema")

    with pytest.raises(Unavailable):
        migrate(_url(path))

    assert _rows(path, "SELECT * FROM sqlite_schema") == before


@pytest.mark.parametrize("kind", ["not a database", "no such folder", "a folder"])
def test_migrating_what_cannot_be_a_database_is_refused(tmp_path: Path, kind: str) -> None:
    path = {"not a database": tmp_path / "text", "no such folder": tmp_path / "none/heroes.db", "a folder": tmp_path}
    (tmp_path / "text").write_text("Heroes, and what they do all day long.\n" * 100)

    with pytest.raises(Unavailable, match="migration"):
        migrate(_url(path[kind]))

    assert (tmp_path / "text").read_text() == "Heroes, and what they do all day long.\n" * 100


def test_migrating_tables_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "heroes.db"
    migrate(_url(path))
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(WrongRevision):
        migrate(_url(path))
