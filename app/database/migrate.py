"""Brings the tables to the revision of this version, and refuses to serve on another.

Migrations run on Python's own SQLite, before the engine opens the file: two libraries that have one file open in one
process would undo each other's locks (sqlite.org/howtocorrupt.html, section 2.2.1).
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from app.database.interface import Unavailable


class WrongRevision(Exception):
    """The tables are not those of this version of the service. The message says what to run."""


def migrate(url: str) -> None:
    """Upgrades the tables to the newest revision. Raises Unavailable, or WrongRevision where they are newer still."""
    try:
        command.upgrade(_config(url), "head")
    except CommandError as error:
        raise WrongRevision(f"the tables cannot be migrated by this version of the service: {error}") from None
    except DBAPIError as error:
        # The message may quote SQL and, of PostgreSQL, rows.
        advice = "is HEROES_DATABASE_URL right, and is what it leads to new or of this service?"
        raise Unavailable(f"migration: {type(error.orig).__name__}: {advice}") from None


def check_revision(found: str | None) -> None:
    """Raises WrongRevision unless `found` is the newest revision."""
    wanted = ScriptDirectory.from_config(_config("")).get_current_head()
    if found != wanted:
        raise WrongRevision(
            f"the tables are at revision {found or 'none'} and this version needs {wanted}: run `python -m app migrate`"
        )


def _config(url: str) -> Config:
    config = Config(attributes={"url": url})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
