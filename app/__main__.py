"""`python -m app [serve|migrate]`: serves, on SQLite after bringing the tables up to date, or does only that."""

import argparse
import logging.config
import sys

from app import logs
from app.database import Unavailable
from app.database.connect import connect
from app.database.migrate import WrongRevision, migrate
from app.main import create_app
from app.server import serve
from app.settings import SettingsError, load_settings
from generated.runtime import ContractError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m app", description="The heroes service. Settings: HEROES_*.")
    parser.add_argument("command", nargs="?", choices=("serve", "migrate"), default="serve")
    command = parser.parse_args().command
    try:
        settings = load_settings()
        logging.config.dictConfig(logs.configuration(settings))
        try:
            connect(settings.database_url)
        except ValueError as error:
            raise SettingsError(f"HEROES_DATABASE_URL: {error}") from None
        # The embedded file belongs to this service alone; a server's tables are migrated on their own.
        if command == "migrate" or settings.database_url.startswith("sqlite:"):
            migrate(settings.database_url)
        if command == "serve":
            create_app(settings)  # what is wrong with it is better told once, and here, than by each worker
            serve(settings)
    except (ContractError, OSError, SettingsError, Unavailable, WrongRevision) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
