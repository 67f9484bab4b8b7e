"""One shard and its owner, through crashes, doubts and rivals."""

import random
from typing import Any

import pytest

from services.router.engine.decide import decide
from services.router.shard.decisions import Line
from services.router.shard.snapshots import Stored, restored, stored_snapshots
from shared.clock import milliseconds
from shared.events import commands
from shared.events.envelope import Envelope, encode
from shared.events.routing import Decision, Refused, ShardOwned, Snapshot, Unchanged
from shared.log import Entry, Partition, Record
from shared.record import Fence
from shared.rules import Rules
from shared.rules.stored import MOST_RULES, rules_size
from shared.topics import COMMANDS_TOPIC, DEAD_LETTERS, INBOUND, ROUTING, SNAPSHOTS
from tests.router.logs import FaultySink, OwnTopics
from tests.router.shards import (
    RULES,
    WORKSPACE,
    Site,
    eventually,
    kinds,
    owning,
    truth,
)


async def _accept(place: Site, offered: Any) -> str:
    return await place.command(
        commands.AcceptOffer(workspace=WORKSPACE, actor=offered.agent, offer=offered.offer)
    )


async def test_a_message_reaches_an_agent(place: Site) -> None:
    """Inputs of both topics become decisions, each with its cause and how far was read."""
    async with owning(place, "one"):
        signed_in = await place.sign_in("ada")
        await place.until("presence_changed", 1)
        written = await place.customer(1)
        offered = (await place.until("offered", 1))[0]
        accepted = await _accept(place, offered)
        await place.until("assigned", 1)

    decisions = await place.decisions()
    assert [d.cause for d in decisions[1:]] == [signed_in, written, accepted]
    assert [(d.inbound, d.commands) for d in decisions[1:]] == [(0, 1), (1, 1), (1, 2)]
    assert [d.seq for d in decisions] == [1, 2, 3, 4]
    assert kinds(decisions)[0] == "configured"


async def test_a_refusal_is_an_answer(memory_place: Site) -> None:
    """Whoever asked finds it by the id of his command."""
    place = memory_place
    async with owning(place, "one"):
        cause = await place.command(
            commands.AcceptOffer(workspace=WORKSPACE, actor="ada", offer="off_unknown")
        )
        await place.until("refused", 1)

    answered = {d.cause: d.events for d in await place.decisions()}
    assert answered[cause] == (Refused("gone", "This offer has ended."),)


async def test_a_crash_loses_nothing_and_repeats_nothing(place: Site) -> None:
    """Whenever an owner dies: the next one knows what he knew, and reads on right behind it."""
    pick = random.Random(1)
    customers = 0
    for life in range(5):
        async with owning(place, f"life{life}", batch=3) as term:
            await term.owned()
            await place.sign_in("ada")
            for _ in range(pick.randrange(1, 9)):
                customers += 1
                await place.customer(customers)
            await place.until("opened", max(1, customers - pick.randrange(4)))
            await term.crash()

    async with owning(place, "the last") as term:
        opened = await place.until("opened", customers)
        await term.owned()
        assert truth(term.state) == await place.told()

    assert len({event.key for event in opened}) == len(opened) == customers


@pytest.mark.parametrize("fault", ["lose", "doubt"])
async def test_an_append_that_fails_begins_a_new_term(place: Site, fault: str) -> None:
    """Whether it is there after all or not: the record decides, and nothing happens twice."""
    sink = FaultySink(place.sink)
    async with owning(place, "one", sink=sink) as term:
        await term.owned()
        await place.sign_in("ada")
        await place.until("presence_changed", 1)
        setattr(sink, fault, 1)
        await place.customer(1)
        await place.customer(2)
        await place.until("offered", 2)
        await place.customer(3)
        offered = await place.until("offered", 3)
        await eventually(lambda: term.owner.standing == "owned")
        assert truth(term.state) == await place.told()

    epochs = {d.epoch for d in await place.decisions()}
    assert len(offered) == 3
    assert max(epochs) > 1


async def test_decisions_of_a_zombie_are_void(place: Site) -> None:
    """He decides on, and appends; but after the next owner nothing of it counts."""
    sink = FaultySink(place.sink)
    async with owning(place, "zombie", sink=sink) as zombie:
        await zombie.owned()
        await place.sign_in("ada")
        await place.until("presence_changed", 1)
        sink.held.clear()
        await place.customer(1)
        await eventually(lambda: len(zombie.state.workspaces[WORKSPACE].conversations) == 1)
        async with owning(place, "next") as following:
            await following.owned()
            opened = await place.until("opened", 1)
            sink.held.set()
            zombie.owner.leave()
            await eventually(zombie.task.done)
            await place.customer(2)
            await place.until("opened", 2)

    everything = [ROUTING.decoder().decode(r.value).data for r in await place.records(ROUTING)]
    void = _void(everything)
    assert kinds(void) == ["opened", "attached", "queued", "offered"]
    assert {decision.epoch for decision in void} == {1}
    assert len(opened) == 1
    assert len(await place.events("opened")) == 2


def _void(everything: list[Any]) -> list[Decision]:
    fence = Fence()
    return [d for d in everything if not fence.admits(d) and isinstance(d, Decision)]


async def test_a_zombie_notices_by_the_offset(place: Site) -> None:
    """His next append lands where he did not expect it; he drops his state and starts anew."""
    async with owning(place, "zombie") as zombie:
        await zombie.owned()
        await place.sign_in("ada")
        await place.until("presence_changed", 1)
        before = zombie.state
        claim = Line(0).owned(99, "rival", milliseconds(place.clock.now()))
        await place.sink.append(Partition(ROUTING.name, 0), claim)
        await place.customer(1)
        opened = await place.until("opened", 1)
        assert zombie.state is not before

    decisions = await place.decisions()
    assert len(opened) == 1
    assert [d.epoch for d in decisions if "opened" in kinds([d])] == [100]


async def test_two_claims_at_once_leave_one_owner(place: Site) -> None:
    """Whatever the order of their claims: one decides, and the record is one history."""
    async with owning(place, "one") as one, owning(place, "two") as two:
        await one.owned()
        await two.owned()
        one.owner.leave()
        await place.sign_in("ada")
        await place.customer(1)
        await place.until("offered", 1)
        await two.owned()
        assert truth(two.state) == await place.told()


async def test_the_same_configuration_is_applied_once(memory_place: Site) -> None:
    """A restart changes nothing; new rules are applied by whoever owns the shard with them."""
    place = memory_place
    other = RULES.model_copy(update={"missed_offers": 7})
    for rules in (RULES, RULES, other):
        async with owning(place, "one", rules={WORKSPACE: rules}) as term:
            await term.owned()
            await place.customer(1)

    configured = await place.events("configured")
    assert [event.rules for event in configured] == [RULES, other]  # type: ignore[union-attr]


async def test_rules_too_large_for_a_record_are_refused(
    memory_place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old ones stay in force, and everything else goes on."""
    place = memory_place
    monkeypatch.setattr("services.router.shard.tenure.MOST_RULES", 10)
    async with owning(place, "one") as term:
        await term.owned()
        await place.customer(1)
        await place.until("opened", 1)

    assert await place.events("configured") == []


async def test_a_timer_fires_when_nothing_else_happens(place: Site) -> None:
    """The offer expires without any input, and so does the next one."""
    async with owning(place, "one"):
        await place.sign_in("ada")
        await place.customer(1)
        await place.until("offered", 1)
        place.clock.move(31)
        await place.until("offered", 2)

    timers = [d for d in await place.decisions() if d.cause == "timer"]
    assert "offer_ended" in kinds(timers)


async def test_what_cannot_be_read_is_buried(memory_place: Site) -> None:
    """It costs nobody else anything."""
    place = memory_place
    async with owning(place, "one"):
        await place.put(INBOUND, WORKSPACE, b"{not json")
        await place.put(COMMANDS_TOPIC, WORKSPACE, b'{"type": "patchbay.unheard.of"}')
        await place.customer(1)
        await place.until("opened", 1)
        letters = await place.dead_letters(2)

    assert sorted(letter.origin for letter in letters) == ["commands/0/0", "inbound/0/0"]
    assert {letter.reason for letter in letters} == {"undecodable"}


async def test_what_breaks_the_engine_is_buried_at_last(
    memory_place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three times it gets a fresh state; then it is put aside, and the others go on."""
    place = memory_place

    def broken(state: Any, command: Any, context: Any) -> Any:
        assert context.cause != "acc:2", "a bug"
        return decide(state, command, context)

    monkeypatch.setattr("services.router.shard.decider.decide", broken)
    async with owning(place, "one"):
        await place.customer(1)
        await place.customer(2)
        await place.customer(3)
        await place.until("opened", 2)
        letters = await place.dead_letters(1)

    assert [(letter.origin, letter.reason) for letter in letters] == [("inbound/0/1", "bug")]
    assert {e.key for e in await place.events("opened")} == {"key1", "key3"}  # type: ignore[union-attr]


async def test_a_decision_too_large_for_a_record_is_buried(
    memory_place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules fit into their command, but not into one record with all that they move."""
    place = memory_place
    monkeypatch.setattr("services.router.shard.decider.MAX_APPEND_BYTES", 100_000)
    agents = {f"agent{n}": {"queues": ["sales"], "title": "x" * 880} for n in range(100)}
    rules = Rules.model_validate({"queues": {"sales": {}}, "agents": agents})
    async with owning(place, "one"):
        for customer in range(300):
            await place.customer(customer)
        await place.until("opened", 300)
        await place.command(commands.Configure(workspace=WORKSPACE, digest="big", rules=rules))
        letters = await place.dead_letters(1)
        await place.customer(301)
        await place.until("opened", 301)

    assert [letter.reason for letter in letters] == ["record_too_large"]
    assert len(await place.events("configured")) == 1


async def test_the_largest_rules_move_all_that_waits(memory_place: Site) -> None:
    """They fill a record, so what they move is moved by decisions after it."""
    place = memory_place
    noise = random.Random(1)
    agents = {
        f"agent{n}": {"queues": ["sales"], "title": noise.randbytes(400).hex()} for n in range(850)
    }
    rules = Rules.model_validate({"queues": {"sales": {}}, "agents": agents})
    assert 500_000 < rules_size(rules) < MOST_RULES
    async with owning(place, "one"):
        for customer in range(1200):
            await place.customer(customer)
        await place.until("queued", 1200)
        await place.command(commands.Configure(workspace=WORKSPACE, digest="big", rules=rules))
        moved = await place.until("queued", 2400)

    assert {event.queue for event in moved[1200:]} == {"sales"}
    assert await place.records(DEAD_LETTERS) == []


async def test_a_timer_that_breaks_the_engine_is_left_alone(
    memory_place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be buried; but it must not stop everything else for ever."""
    place = memory_place

    def broken(state: Any, command: Any, context: Any) -> Any:
        assert getattr(command, "kind", "") != "expire", "a bug"
        return decide(state, command, context)

    monkeypatch.setattr("services.router.shard.decider.decide", broken)
    async with owning(place, "one"):
        await place.sign_in("ada")
        await place.customer(1)
        await place.until("offered", 1)
        place.clock.move(31)
        await _until_claims(place, 4)
        await place.customer(2)
        await place.until("offered", 2)

    assert len(await _claims(place)) == 4


async def _claims(place: Site) -> list[ShardOwned]:
    datas = [ROUTING.decoder().decode(r.value).data for r in await place.records(ROUTING)]
    return [data for data in datas if isinstance(data, ShardOwned)]


async def _until_claims(place: Site, count: int) -> None:
    found = 0
    while found < count:
        found = len(await _claims(place))


async def test_a_burst_larger_than_the_waiting_room_is_read_again(place: Site) -> None:
    """What there was no room for stays in the log, and comes in its order."""
    async with owning(place, "one", waiting_room=5, batch=2, window=1) as term:
        await term.owned()
        for customer in range(60):
            await place.customer(customer)
        opened = await place.until("opened", 60)

    assert [event.key for event in opened] == [f"key{n}" for n in range(60)]


async def test_a_command_repeated_by_the_network_is_decided_once(memory_place: Site) -> None:
    """The same id again is answered, and nothing happens."""
    place = memory_place
    async with owning(place, "one"):
        await place.sign_in("ada")
        await place.customer(1)
        offered = (await place.until("offered", 1))[0]
        await _accept(place, offered)
        await place.until("assigned", 1)
        record = (await place.records(COMMANDS_TOPIC))[0]
        await place.sink.append(record.partition, Entry(record.key, record.value))
        unchanged = await place.until("unchanged", 1)

    assert unchanged == [Unchanged()]


async def test_a_snapshot_spares_the_next_owner_the_record(place: Site, log: OwnTopics) -> None:
    """He begins where it ends; what he then knows is the same."""
    async with owning(place, "one", snapshot_decisions=5, batch=1) as term:
        await place.sign_in("ada")
        for customer in range(20):
            await place.customer(customer)
        await place.until("opened", 20)
        await _until_snapshots(place, 1)
        await term.crash()
    log.reads.clear()

    async with owning(place, "two") as term:
        await term.owned()
        assert truth(term.state) == await place.told()

    begun = [read[Partition(ROUTING.name, 0)] for read in log.reads if _of_routing(read)]
    assert begun[0] > 5


def _of_routing(read: Any) -> bool:
    return Partition(ROUTING.name, 0) in read


async def _until_snapshots(place: Site, count: int) -> None:
    found = 0
    while found < count:
        place.clock.move(0)
        found = len(await place.records(SNAPSHOTS))


async def test_whoever_leaves_in_good_order_leaves_a_snapshot(memory_place: Site) -> None:
    """The next owner has nothing to replay."""
    place = memory_place
    async with owning(place, "one"):
        await place.customer(1)
        await place.until("opened", 1)

    records = await place.records(SNAPSHOTS)
    last = SNAPSHOTS.decoder().decode(records[-1].value).data
    assert last.seq == len(await place.decisions())
    assert last.position == len(await place.records(ROUTING))


async def test_a_snapshot_is_taken_after_a_while(memory_place: Site) -> None:
    """Few decisions are also worth one, once they are some minutes old; none are not."""
    place = memory_place
    async with owning(place, "one", snapshot_seconds=300) as term:
        await place.customer(1)
        await place.until("opened", 1)
        place.clock.move(301)
        await _until_snapshots(place, 1)
        await term.crash()

    assert len(await place.records(SNAPSHOTS)) == 1


async def test_half_a_snapshot_is_none(memory_place: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever died while writing one left the one before it whole, under other keys."""
    place = memory_place
    monkeypatch.setattr("services.router.shard.snapshots.PART_CHARACTERS", 200)
    for customer in (1, 2):
        async with owning(place, "one"):
            await place.customer(customer)
            await place.until("opened", customer)
    first, *_, last = [_snapshot(record) for record in await place.records(SNAPSHOTS)]
    whole = await _stored(place)

    await place.sink.append(
        Partition(SNAPSHOTS.name, 0),
        Entry(b"0/0/0", encode(Envelope("x", "/test", place.clock.now(), _later(last)))),
    )

    assert first.seq < last.seq
    assert last.parts == last.part + 1 > 2
    assert [(stored.head.seq, stored.slot) for stored in whole] == [(last.seq, 1), (first.seq, 0)]
    assert await _stored(place) == whole
    async with owning(place, "two") as term:
        await term.owned()
        assert truth(term.state) == await place.told()


async def test_a_snapshot_that_lacks_a_part_gives_way_to_the_one_before_it(
    memory_place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last part says that it is complete; reading it shows that it is not."""
    place = memory_place
    monkeypatch.setattr("services.router.shard.snapshots.PART_CHARACTERS", 200)
    async with owning(place, "one"):
        await place.customer(1)
        await place.until("opened", 1)
    parts = [_snapshot(record) for record in await place.records(SNAPSHOTS)]
    (whole,) = await _stored(place)

    for number in (0, len(parts) - 1):
        later = parts[number].model_copy(update={"seq": 99, "position": 99, "begun": len(parts)})
        envelope = Envelope(f"x{number}", "/test", place.clock.now(), later)
        entry = Entry(f"0/1/{number}".encode(), encode(envelope))
        await place.sink.append(Partition(SNAPSHOTS.name, 0), entry)

    found = await _stored(place)
    assert [stored.head.seq for stored in found] == [99, whole.head.seq]
    assert await restored(place.log, found[0]) is None
    async with owning(place, "two") as term:
        await term.owned()
        assert truth(term.state) == await place.told()


async def _stored(place: Site) -> list[Stored]:
    return [stored async for stored in stored_snapshots(place.log, 0)]


def _snapshot(record: Record) -> Snapshot:
    data: Snapshot = SNAPSHOTS.decoder().decode(record.value).data
    return data


def _later(snapshot: Snapshot) -> Snapshot:
    """The first part of one that would be newer."""
    return snapshot.model_copy(
        update={"seq": snapshot.seq + 1, "position": snapshot.position + 1, "part": 0, "parts": 0}
    )


async def test_a_record_with_its_beginning_gone_is_not_guessed_at(
    memory_place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a snapshot that reaches it there is no state: better nobody decides."""
    place = memory_place
    async with owning(place, "one") as term:
        await place.customer(1)
        await place.until("opened", 1)
        await term.crash()
    bounds = place.log.bounds

    async def truncated(partitions: Any) -> Any:
        return {p: (begin + 1, end) for p, (begin, end) in (await bounds(partitions)).items()}

    monkeypatch.setattr(place.log, "bounds", truncated)
    async with owning(place, "two") as term:
        await eventually(lambda: term.owner.standing == "broken")
