"""How the service logs: one line for each event, and of an exception where it arose, never what it says.

The text of an exception may quote the data that it failed on: pydantic shows input, drivers show rows.
"""

import logging
import traceback
from types import TracebackType

from pydantic import ValidationError
from typing_extensions import override
from uvicorn.logging import AccessFormatter

from app.database import Unavailable
from app.database.migrate import WrongRevision
from app.settings import Settings
from generated.runtime import ContractError

# What these say names types, operations and revisions alone.
_HARMLESS = (ContractError, Unavailable, WrongRevision)


def trace(error: BaseException) -> str:
    """Where an exception arose and of what type it is, its causes first; its text only where that is harmless."""
    lines = traceback.format_tb(error.__traceback__)
    lines.append(type(error).__qualname__)
    if isinstance(error, _HARMLESS):
        lines.append(f": {error}")
    elif isinstance(error, ValidationError):
        places = [f"{'.'.join(map(str, e['loc']))} ({e['type']})" for e in error.errors(include_input=False)]
        lines.append(f" of {error.title}: {', '.join(places)}")
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = f"{trace(cause)}\nwhich led to\n" if cause else ""
    return before + "".join(lines)


class Formatter(logging.Formatter):
    """Formats as usual, apart from exceptions."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        # The handler before may have left its own rendering of the exception.
        record.exc_text = None
        return super().format(record)

    @override
    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        return trace(ei[1]) if ei[1] else ""


class QuietAccessFormatter(AccessFormatter):
    """Leaves out the query, in which a client may send anything."""

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        if isinstance(record.args, tuple) and len(record.args) == 5:
            client, method, path, version, status = record.args
            record.args = (client, method, str(path).partition("?")[0], version, status)
        return super().formatMessage(record)


def configuration(settings: Settings) -> dict[str, object]:
    """The configuration for logging.config.dictConfig."""
    level = settings.log_level.upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "default": {"()": Formatter, "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
            "access": {
                "()": QuietAccessFormatter,
                "format": '%(asctime)s %(levelname)s %(name)s: %(client_addr)s "%(request_line)s" %(status_code)s',
            },
        },
        "handlers": {
            "default": {"class": "logging.StreamHandler", "formatter": "default"},
            "access": {"class": "logging.StreamHandler", "formatter": "access"},
        },
        "root": {"handlers": ["default"], "level": level},
        "loggers": {
            "uvicorn.access": {"handlers": ["access"], "level": "INFO", "propagate": False},
            # Says on every start of a server what alembic did not need to do.
            "alembic": {"level": "WARNING"},
        },
    }
