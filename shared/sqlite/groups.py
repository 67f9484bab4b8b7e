"""Consumer groups in tables: who is there, who holds which partition, what has been committed.

Members share the partitions of a topic in ranges, so that equal partition numbers of equally
partitioned topics are held by the same member. A partition changes hands in two steps: the holder
gives its claim up, then the next one takes it. A member that has not been seen for a while loses
its claims at once; a commit without the claim is refused, so a sleeper cannot do harm afterwards.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.errors import OwnershipLost
from shared.log import Partition
from shared.sqlite.store import Store


@dataclass(frozen=True, slots=True)
class Membership:
    """A member of a group. `session` is how long it may go unseen, in milliseconds."""

    group: str
    member: str
    topics: tuple[str, ...]
    session: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What a member holds (with the committed positions), and what of it others wait for."""

    held: Mapping[Partition, int]
    wanted: frozenset[Partition]


def share(
    members: Sequence[tuple[str, Sequence[str]]], partitions: Mapping[str, Sequence[int]]
) -> Mapping[str, set[Partition]]:
    """Divide every topic's partitions into one range per member that reads the topic.

    `members` are (name, topics) in the order in which they joined.
    """
    shares: dict[str, set[Partition]] = {name: set() for name, _ in members}
    for topic, numbers in partitions.items():
        readers = [name for name, topics in members if topic in topics]
        for index, name in enumerate(readers):
            start = len(numbers) * index // len(readers)
            end = len(numbers) * (index + 1) // len(readers)
            shares[name].update(Partition(topic, number) for number in numbers[start:end])
    return shares


def beat(store: Store, me: Membership, now: int) -> Standing:
    """Show that the member is alive, take what is its own and free, and report its standing."""
    _show(store.connection, me, now)
    _expire(store.connection, me, now)
    names = {identity: partition for partition, identity in store.ids.items()}
    claims = dict(
        store.connection.execute(
            "SELECT partition, member FROM claims WHERE consumer_group = ?", (me.group,)
        ).fetchall()
    )
    ours = share(_members(store.connection, me.group), _by_topic(store))[me.member]
    free = [store.ids[partition] for partition in ours if store.ids[partition] not in claims]
    store.connection.executemany(
        "INSERT INTO claims VALUES (?, ?, ?)",
        [(me.group, identity, me.member) for identity in free],
    )
    held = {names[identity] for identity, member in claims.items() if member == me.member}
    positions = committed(store, me.group)
    standing = held | {names[identity] for identity in free}
    return Standing({p: positions.get(p, 0) for p in standing}, frozenset(held - ours))


def committed(store: Store, group: str) -> dict[Partition, int]:
    """The group's committed positions."""
    rows = store.connection.execute(
        "SELECT topic, number, position FROM commits"
        " JOIN partitions ON partitions.id = commits.partition WHERE consumer_group = ?",
        (group,),
    )
    return {Partition(topic, number): position for topic, number, position in rows.fetchall()}


def commit(store: Store, me: Membership, positions: Mapping[Partition, int]) -> None:
    """Store the positions. Raises OwnershipLost, and stores none, unless all are held."""
    held = store.connection.execute(
        "SELECT partition FROM claims WHERE consumer_group = ? AND member = ?",
        (me.group, me.member),
    ).fetchall()
    rows = [(store.ids.get(partition), position) for partition, position in positions.items()]
    if not {identity for identity, _ in rows} <= {identity for (identity,) in held}:
        raise OwnershipLost(f"{me.group} has been given to another member")
    store.connection.execute(
        "INSERT INTO commits SELECT ?, json_extract(value, '$[0]'), json_extract(value, '$[1]')"
        " FROM json_each(?) WHERE true"
        " ON CONFLICT (consumer_group, partition) DO UPDATE SET position = excluded.position",
        (me.group, json.dumps(rows)),
    )


def release(store: Store, me: Membership, partitions: Sequence[Partition]) -> None:
    """Give claims up, for the next member to take."""
    store.connection.executemany(
        "DELETE FROM claims WHERE consumer_group = ? AND partition = ? AND member = ?",
        [(me.group, store.ids[partition], me.member) for partition in partitions],
    )


def leave(store: Store, me: Membership) -> None:
    """Give everything up."""
    store.connection.execute("DELETE FROM claims WHERE member = ?", (me.member,))
    store.connection.execute("DELETE FROM members WHERE member = ?", (me.member,))


def _show(connection: sqlite3.Connection, me: Membership, now: int) -> None:
    connection.execute(
        "INSERT INTO members (consumer_group, member, topics, seen) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (member) DO UPDATE SET seen = excluded.seen",
        (me.group, me.member, json.dumps(me.topics), now),
    )


def _expire(connection: sqlite3.Connection, me: Membership, now: int) -> None:
    """Remove members of the group that have not been seen, and claims of members that are gone."""
    connection.execute(
        "DELETE FROM members WHERE consumer_group = ? AND seen < ?", (me.group, now - me.session)
    )
    connection.execute(
        "DELETE FROM claims WHERE consumer_group = ?1 AND member NOT IN"
        " (SELECT member FROM members WHERE consumer_group = ?1)",
        (me.group,),
    )


def _members(connection: sqlite3.Connection, group: str) -> list[tuple[str, Sequence[str]]]:
    rows = connection.execute(
        "SELECT member, topics FROM members WHERE consumer_group = ? ORDER BY joined", (group,)
    )
    return [(member, json.loads(topics)) for member, topics in rows.fetchall()]


def _by_topic(store: Store) -> dict[str, list[int]]:
    topics: dict[str, list[int]] = {}
    for topic, number in sorted(store.ids):
        topics.setdefault(topic, []).append(number)
    return topics
