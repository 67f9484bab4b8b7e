"""Consumer groups in tables: who is there, who holds which partition, what has been committed.

Members share the partitions of a topic in ranges, so that equal partition numbers of equally
partitioned topics are held by the same member. A partition changes hands in two steps: the holder
gives its claim up, then the next one takes it. A member that has not been seen for a while loses
its claims at once; a commit without the claim is refused, so a sleeper cannot do harm afterwards.
"""

import json
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


# A member's beat is on the way of every append, so it costs two statements when nothing changes.
_SHOW = """
INSERT INTO members (consumer_group, member, topics, seen) VALUES (?, ?, ?, ?)
ON CONFLICT (member) DO UPDATE SET seen = excluded.seen
"""
_GROUP = """
SELECT json_object(
    'members', (SELECT json_group_array(json_array(joined, member, json(topics), seen))
                FROM members WHERE consumer_group = ?1),
    'claims', (SELECT json_group_array(json_array(partition, member))
               FROM claims WHERE consumer_group = ?1),
    'positions', (SELECT json_group_array(json_array(partition, position))
                  FROM commits WHERE consumer_group = ?1))
"""
_TAKE = "INSERT INTO claims SELECT ?, value, ? FROM json_each(?)"
_GIVE_UP = """
DELETE FROM claims WHERE consumer_group = ? AND member = ?
AND partition IN (SELECT value FROM json_each(?))
"""
_COMMIT = """
INSERT INTO commits
SELECT ?1, json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?3)
WHERE NOT EXISTS (
    SELECT 1 FROM json_each(?3) AS wanted WHERE NOT EXISTS (
        SELECT 1 FROM claims WHERE consumer_group = ?1 AND member = ?2
        AND partition = json_extract(wanted.value, '$[0]')))
ON CONFLICT (consumer_group, partition) DO UPDATE SET position = excluded.position
"""


def beat(store: Store, me: Membership, now: int) -> Standing:
    """Show that the member is alive, take what is its own and free, and report its standing."""
    store.connection.execute(_SHOW, (me.group, me.member, json.dumps(me.topics), now))
    group = store.row(_GROUP, me.group)
    members = sorted(group["members"])  # in the order in which they joined
    alive = {name: topics for _, name, topics, seen in members if seen >= now - me.session}
    claims = {identity: name for identity, name in group["claims"] if name in alive}
    if len(alive) < len(members) or len(claims) < len(group["claims"]):
        _remove_all_but(store, me.group, list(alive))
    ours = {store.ids[p] for p in share(list(alive.items()), _by_topic(store))[me.member]}
    if free := sorted(ours - claims.keys()):
        store.connection.execute(_TAKE, (me.group, me.member, json.dumps(free)))
    held = {identity for identity, name in claims.items() if name == me.member}
    positions = dict(group["positions"])
    return Standing(
        {store.names[identity]: positions.get(identity, 0) for identity in held | set(free)},
        frozenset(store.names[identity] for identity in held - ours),
    )


def commit(store: Store, me: Membership, positions: Mapping[Partition, int]) -> None:
    """Store the positions. Raises OwnershipLost, and stores none, unless all are held."""
    rows = [(store.ids.get(partition), position) for partition, position in positions.items()]
    stored = store.connection.execute(_COMMIT, (me.group, me.member, json.dumps(rows))).rowcount
    if stored < len(rows):
        raise OwnershipLost(f"{me.group} has been given to another member")


def release(store: Store, me: Membership, partitions: Sequence[Partition]) -> None:
    """Give claims up, for the next member to take."""
    identities = json.dumps([store.ids[partition] for partition in partitions])
    store.connection.execute(_GIVE_UP, (me.group, me.member, identities))


def leave(store: Store, me: Membership) -> None:
    """Give everything up."""
    store.connection.execute("DELETE FROM claims WHERE member = ?", (me.member,))
    store.connection.execute("DELETE FROM members WHERE member = ?", (me.member,))


def _remove_all_but(store: Store, group: str, alive: Sequence[str]) -> None:
    """Remove members that have not been seen, and claims of members that are gone."""
    for table in ("members", "claims"):
        store.connection.execute(
            f"DELETE FROM {table} WHERE consumer_group = ?"  # noqa: S608 - our own table names
            " AND member NOT IN (SELECT value FROM json_each(?))",
            (group, json.dumps(alive)),
        )


def _by_topic(store: Store) -> dict[str, list[int]]:
    topics: dict[str, list[int]] = {}
    for topic, number in sorted(store.ids):
        topics.setdefault(topic, []).append(number)
    return topics
