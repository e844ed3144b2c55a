"""Keeps the heroes: one interface, and an engine behind it that the database URL chooses."""

from app.database.connect import connect
from app.database.interface import Database, Query, Transaction, Unavailable

__all__ = ["Database", "Query", "Transaction", "Unavailable", "connect"]
