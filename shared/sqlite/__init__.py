"""The log on one SQLite file: for a one-process Patchbay, and in memory for unit tests."""

from shared.sqlite.log import SqliteLog

__all__ = ["SqliteLog"]
