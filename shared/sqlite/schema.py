"""The file: its tables, and how it is opened."""

import sqlite3

IN_MEMORY = ":memory:"

# A record's rowid is its partition's id and its offset side by side, so that a partition is one
# run of the table's tree: appending is writing at its end and reading is a range scan.
OFFSET_BITS = 40

_TABLES = """
CREATE TABLE IF NOT EXISTS partitions (
    id INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    number INTEGER NOT NULL,
    first INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic, number)
);
CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY,
    timestamp INTEGER NOT NULL,
    key BLOB NOT NULL,
    value BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS members (
    joined INTEGER PRIMARY KEY,
    consumer_group TEXT NOT NULL,
    member TEXT NOT NULL UNIQUE,
    topics TEXT NOT NULL,
    seen INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS claims (
    consumer_group TEXT NOT NULL,
    partition INTEGER NOT NULL REFERENCES partitions (id),
    member TEXT NOT NULL,
    PRIMARY KEY (consumer_group, partition)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS commits (
    consumer_group TEXT NOT NULL,
    partition INTEGER NOT NULL REFERENCES partitions (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (consumer_group, partition)
) WITHOUT ROWID;
"""


def first_id(partition_id: int) -> int:
    """The rowid of a partition's record 0."""
    return partition_id << OFFSET_BITS


def connect(path: str, *, forget: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode, usable from any one thread at a time.

    WAL lets readers go on while a commit is written; synchronous=FULL makes a commit wait for the
    disk, so that what was acknowledged survives a crash of the machine, too. With `forget`, members
    that an earlier process has left behind are removed. Raises sqlite3.Error.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -16000")
        connection.executescript(_TABLES)
        if forget:
            connection.executescript("DELETE FROM claims; DELETE FROM members;")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
