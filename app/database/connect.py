"""Chooses the engine by the database URL."""

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from app.database.interface import Database
from app.database.sqlite import SQLite


def connect(url: str) -> Database:
    """The database at this URL, not opened yet. Raises ValueError, whose message never shows the URL."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the second where the port is no number
        raise ValueError("not a database URL; write sqlite:///heroes.db, for example") from None
    if parsed.drivername != "sqlite":
        raise ValueError(f"no engine for {parsed.drivername}; write sqlite:///heroes.db, for example")
    if not parsed.database or parsed.database == ":memory:" or parsed.query or parsed.host or parsed.username:
        raise ValueError("an SQLite database must be a file on this machine; write sqlite:///heroes.db, for example")
    return SQLite(parsed.database)
