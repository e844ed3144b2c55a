"""Alembic runs this: one connection, and all steps of an upgrade in one transaction."""

from alembic import context
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import NullPool

from app.settings import load_settings
from app.tables import METADATA

url = context.config.attributes.get("url") or load_settings().database_url
engine = create_engine(url, poolclass=NullPool)


@event.listens_for(engine, "connect")
def _leave_transactions_alone(driver: DBAPIConnection, _record: object) -> None:
    # Python's sqlite3 would commit before each change of a table.
    driver.isolation_level = None


@event.listens_for(engine, "begin")
def _lock(connection: Connection) -> None:
    # Of several processes that migrate at once, one does the work and the others then find it done.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
