"""What is refused before the service serves: URLs without an engine, and files that are not its database."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from app.database import Unavailable, connect
from app.database.migrate import WrongRevision
from app.settings import Settings
from tests.app.database.conftest import Lock

pytestmark = pytest.mark.anyio

_HINT = "python -m app migrate"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:secret@host/x",
        "postgresql+asyncpg://user:secret@host:5432/x?ssl=require",
        "mysql://user:secret@host/x",
        "sqlite+aiosqlite:///secret.db",
        "secret",
        "user:secret@host",
        "://user:secret@host",
        "",
        "sqlite:",
        "sqlite:secret",
        "sqlite://",
        "sqlite:///",
        "sqlite://secret",
        "sqlite:///:memory:",
        "sqlite:///secret?mode=memory",
        "sqlite:///file:secret?mode=memory&uri=true",
    ],
)
def test_a_url_without_an_engine_is_refused_with_an_example_and_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match=r"sqlite:///heroes\.db") as caught:
        connect(url)

    assert "secret" not in str(caught.value)
    assert "user" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("url", ["postgresql://user:secret/x", "sqlite://user:secret/x", "postgresql://host:secret"])
def test_a_password_in_the_place_of_the_port_is_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match=r"sqlite:///heroes\.db") as caught:
        connect(url)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://folder/heroes.db",
        "sqlite://user:secret@host/heroes.db",
        pytest.param(
            "sqlite://user:secret@/heroes.db",
        ),
    ],
)
def test_an_sqlite_url_with_a_host_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"sqlite:///heroes\.db"):
        connect(url)


def _leave_empty(path: Path) -> None:
    path.write_bytes(b"")


def _forget_revision(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("DELETE FROM alembic_version")


def _drop_revision(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("DROP TABLE alembic_version")


def _take_later_revision(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def _take_two_revisions(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (_leave_empty, "at revision none"),
        (_drop_revision, "at revision none"),
        (_forget_revision, "at revision"),
        (_take_later_revision, "at revision 9999"),
        (_take_two_revisions, "9999"),
    ],
)
async def test_tables_of_another_revision_are_refused_with_the_command_to_run(
    settings: Settings, database_path: Path, spoil: Callable[[Path], None], found: str
) -> None:
    spoil(database_path)

    with pytest.raises(WrongRevision, match=_HINT) as caught:
        await connect(settings.database_url).open()

    assert found in str(caught.value)


def _files(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.iterdir()}


def _not_a_database(folder: Path) -> Path:
    (folder / "text").write_text("Heroes, and what they do all day long.\n" * 100)
    return folder / "text"


_UNUSABLE: list[Callable[[Path], Path]] = [
    _not_a_database,
    lambda folder: folder / "missing.db",
    lambda folder: folder / "missing/heroes.db",
    lambda folder: folder,
]
_KINDS = ["not a database", "no such file", "no such folder", "a folder"]


@pytest.mark.parametrize("place", _UNUSABLE, ids=_KINDS)
async def test_a_file_that_cannot_be_the_database_is_refused_and_left_alone(
    tmp_path: Path, place: Callable[[Path], Path]
) -> None:
    path = place(tmp_path)
    before = _files(tmp_path)

    with pytest.raises(Unavailable):
        await connect(f"sqlite:///{path}").open()

    assert _files(tmp_path) == before


@pytest.mark.parametrize("place", _UNUSABLE, ids=_KINDS)
async def test_a_file_that_cannot_be_the_database_is_refused_with_what_to_do(
    tmp_path: Path, place: Callable[[Path], Path]
) -> None:
    with pytest.raises(Unavailable, match="HEROES_DATABASE_URL"):
        await connect(f"sqlite:///{place(tmp_path)}").open()


async def test_a_file_that_another_process_holds_is_refused_until_it_is_let_go(settings: Settings, lock: Lock) -> None:
    # Not in WAL mode yet: a lock keeps readers out, too.
    database = connect(settings.database_url)
    with lock(), pytest.raises(Unavailable, match="BusyError"):
        await database.open()

    await database.open()
    await database.close()
