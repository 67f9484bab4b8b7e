"""What must hold after every command, checked the slow and obvious way."""

from collections import Counter

from services.router.engine.ordering import by_due
from services.router.engine.shunning import FOREVER
from services.router.engine.state import Agent, Conversation, State, Workspace
from services.router.engine.stepping import next_step
from tests.unit.services.router.engine.suits import (
    helps,
    keeps_target,
    limit,
    meets,
    needed,
    price,
    room,
    skill,
)
from tests.unit.services.router.engine.worlds import CHANNELS


def asks(conversation: Conversation, agent: Agent) -> bool:
    """Is it on offer to him?"""
    return any(offer.agent is agent for offer in conversation.offers or ())


def holds(workspace: Workspace, agent: Agent) -> list[Conversation]:
    """What takes an agent's capacity, found by looking at every conversation."""
    return [
        conversation
        for conversation in workspace.conversations.values()
        if asks(conversation, agent)
        or (conversation.agent is agent and conversation.status in ("held", "dialling", "closed"))
    ]


def able(workspace: Workspace, agent: Agent, conversation: Conversation) -> bool:
    """Could he ever take it? Queue, skills, and a limit above zero."""
    if agent.rules is None or conversation.skill_class is None:
        return False
    return conversation.queue in agent.rules.queues and _fit_for(workspace, agent, conversation)


def _fit_for(workspace: Workspace, agent: Agent, conversation: Conversation) -> bool:
    assert agent.rules is not None
    above_zero = limit(workspace.rules, agent.rules, conversation.channel) > 0
    return above_zero and meets(needed(conversation), agent.rules.skills)


def may_help(workspace: Workspace, agent: Agent, conversation: Conversation, now: int) -> bool:
    """Could he help out, as his queue keeps its target?"""
    donor = helps(workspace, agent, conversation)
    return (
        donor is not None
        and _fit_for(workspace, agent, conversation)
        and keeps_target(workspace, donor, now)
    )


def takes(agent: Agent, channel: str) -> bool:
    """Does he want new work on this channel?"""
    return agent.state == "available" or (agent.state == "busy" and channel in agent.channels)


def free(workspace: Workspace, agent: Agent, conversation: Conversation) -> bool:
    """Is he there, and has he room for it?"""
    if agent.rules is None or not takes(agent, conversation.channel):
        return False
    gently = agent.allowed is None or agent.allowed > 0
    return gently and room(workspace.rules, agent.rules, holds(workspace, agent), conversation)


def kept(workspace: Workspace, agent: Agent, conversation: Conversation, now: int) -> bool:
    """Is he kept from it, while somebody else is there who is not?"""
    shunned = conversation.shunned or {}
    if shunned.get(agent.name, 0) <= now:
        return False
    if shunned[agent.name] >= FOREVER:
        return True
    return any(
        takes(other, conversation.channel)
        and able(workspace, other, conversation)
        and shunned.get(other.name, 0) <= now
        for other in workspace.agents.values()
    )


def is_offered(workspace: Workspace, queue: str) -> bool:
    """Is anybody offered what waits in this queue, as the record says its hours stand?"""
    settings = workspace.rules.queues.get(queue)
    if settings is None or settings.hours is None:
        return True
    turned = workspace.hours.get(settings.hours)
    return turned is None or turned.open or settings.after_hours.work_off


def may_take(workspace: Workspace, agent: Agent, conversation: Conversation, now: int) -> bool:
    """Could it be offered to him right now?"""
    if conversation.kept_for is not None:
        return conversation.kept_for == agent.name and free(workspace, agent, conversation)
    return (
        conversation.status == "waiting"
        and is_offered(workspace, conversation.queue)
        and (able(workspace, agent, conversation) or may_help(workspace, agent, conversation, now))
        and free(workspace, agent, conversation)
        and not kept(workspace, agent, conversation, now)
    )


def may_be_asked(workspace: Workspace, agent: Agent, conversation: Conversation, now: int) -> bool:
    """Could it be offered to him, beside those who are asked already?"""
    settings = workspace.rules.queues.get(conversation.queue)
    offers = conversation.offers or []
    also = (
        settings is not None
        and 0 < len(offers) < settings.offer.agents
        and not asks(conversation, agent)
        and is_offered(workspace, conversation.queue)
        and (able(workspace, agent, conversation) or may_help(workspace, agent, conversation, now))
        and free(workspace, agent, conversation)
        and not kept(workspace, agent, conversation, now)
    )
    return also or may_take(workspace, agent, conversation, now)


def check_state(state: State, now: int) -> None:
    """I3, I4 and I6 for every workspace, and that the fast structures say what is true."""
    for workspace in state.workspaces.values():
        _check_holders(workspace)
        _check_loads(workspace)
        _check_classes(workspace)
        _check_in_time(workspace, now)
        _check_kept(workspace)
        _check_questions(workspace)
        _check_threads(workspace)
        _check_hours(workspace, now)
        _check_limits(workspace, now)
        _check_lines(workspace)
        _check_steps(workspace, now)
        _check_nobody_idles(workspace, now)
        _check_presence(workspace, now)


def _check_holders(workspace: Workspace) -> None:
    """I3: held by one agent at most, or on offer to at most so many; known to those alone."""
    taken = Counter(identity for agent in workspace.agents.values() for identity in agent.work)
    for conversation in workspace.conversations.values():
        offers = conversation.offers or []
        assert (conversation.status == "offered") == bool(offers)
        assert conversation.agent is None or not offers
        assert conversation.status != "held" or conversation.agent is not None
        assert len({offer.agent.name for offer in offers}) == len(offers)
        assert taken[conversation.id] == len(offers) + (conversation.agent is not None)
        for offer in offers:
            assert workspace.offers[offer.id] is offer
            assert offer.conversation is conversation
    pending = sum(len(c.offers or ()) for c in workspace.conversations.values())
    held = sum(c.offer is not None for c in workspace.conversations.values())
    assert len(workspace.offers) == pending + held


def _check_loads(workspace: Workspace) -> None:
    """I4: the load is what is held; the limits themselves are checked at every offer."""
    for agent in workspace.agents.values():
        held = holds(workspace, agent)
        assert agent.busy == sum(conversation.units for conversation in held)
        assert set(agent.paused) == {c.id for c in held if c.paused}
        assert agent.load == dict(Counter(conversation.channel for conversation in held))
        assert set(agent.work) == {conversation.id for conversation in held}


def _check_classes(workspace: Workspace) -> None:
    waits = [
        c for c in workspace.conversations.values() if c.status == "waiting" and not c.kept_for
    ]
    assert sum(wanted.waiting for wanted in workspace.classes.values()) == len(waits)
    for conversation in waits:
        wanted = conversation.skill_class
        assert wanted is not None
        assert wanted is workspace.classes[wanted.demand]
        assert any(place.conversation is conversation for place in wanted.places)
    for profile in workspace.profiles.values():
        present = [a for a in profile.members if a.state == "available"]
        assert profile.present == len(present)
        for channel in CHANNELS:
            at_work = [a for a in profile.members if takes(a, channel)]
            assert profile.at_work(channel) == len(at_work)


def _check_threads(workspace: Workspace) -> None:
    """A thread remembers as many as point at it, and its last one is one of those."""
    pointing: Counter[str] = Counter()
    for conversation in workspace.conversations.values():
        joined = conversation.joined or {}
        pointing.update((conversation.key, *joined.values()))
        for name in joined:
            assert workspace.conversations[name].merged_into == conversation.id
            assert workspace.conversations[name].status == "closed"
    for key, thread in workspace.threads.items():
        assert thread.kept == pointing[key]
        assert thread.last is None or key in (
            thread.last.key,
            *(thread.last.joined or {}).values(),
        )


def _check_questions(workspace: Workspace) -> None:
    """A question is about an open conversation that knows it, and is with somebody else."""
    for conversation in workspace.conversations.values():
        if conversation.consult_of is not None and conversation.status != "closed":
            about = workspace.conversations[conversation.consult_of]
            assert about.consult == conversation.id
            assert about.status != "closed"
        if conversation.consult is not None:
            question = workspace.conversations[conversation.consult]
            assert (question.consult_of, question.status != "closed") == (conversation.id, True)


def _check_in_time(workspace: Workspace, now: int) -> None:
    """What was to end by now has ended: no timer is lost."""
    for conversation in workspace.conversations.values():
        sleeps, dials = conversation.snoozed_until, conversation.status == "dialling"
        assert not sleeps or (conversation.status, conversation.paused) == ("held", True)
        assert not sleeps or sleeps > now
        assert dials == (conversation.dial is not None)
        assert not dials or conversation.agent is not None
        owed = conversation.callback_at and conversation.status in ("open", "dialling")
        assert not owed or conversation.callback_at > now
        assert conversation.kept_for is None or conversation.kept_until > now
    for found in workspace.blocked.values():
        assert found.until is None or found.until > now


def _check_kept(workspace: Workspace) -> None:
    """What is kept for one agent waits, and he is there."""
    for conversation in workspace.conversations.values():
        if conversation.kept_for is not None:
            agent = workspace.agents[conversation.kept_for]
            assert conversation.status == "waiting"
            assert agent.state == "available"
            assert agent.kept[conversation.id] is conversation
    kept = sum(bool(c.kept_for) for c in workspace.conversations.values())
    assert sum(len(agent.kept) for agent in workspace.agents.values()) == kept


def _check_presence(workspace: Workspace, now: int) -> None:
    """Who is away or gone is asked nothing; who is gone holds nothing once his grace is over, but
    what sleeps with him, and a call that is being made."""
    for agent in workspace.agents.values():
        offered = [c for c in holds(workspace, agent) if c.status == "offered"]
        assert agent.state not in ("away", "offline") or not offered
        gone = agent.state == "offline" and agent.keeps_until <= now
        work = [c for c in agent.work.values() if not c.snoozed_until and c.status != "dialling"]
        assert not (gone and agent.rules is not None and work)
        assert (agent.state == "busy") == bool(agent.channels)


def _check_hours(workspace: Workspace, now: int) -> None:
    """Hours stand as the clock on the wall says."""
    for name, turned in workspace.hours.items():
        assert turned.open == workspace.rules.hours[name].is_open(now), name
        assert turned.until is None or turned.until > now


def _check_limits(workspace: Workspace, now: int) -> None:
    """No customer waits longer in an open queue than it allows."""
    for conversation in workspace.conversations.values():
        settings = workspace.rules.queues.get(conversation.queue)
        if conversation.status != "waiting" or settings is None or conversation.consult_of:
            continue
        turned = None if settings.hours is None else workspace.hours.get(settings.hours)
        if turned is not None and not turned.open:
            continue
        since = max(conversation.queued_at, 0 if turned is None else turned.since)
        for step in settings.max_wait[conversation.limits :]:
            assert since + step.after_seconds * 1000 > now, conversation.id


def _check_lines(workspace: Workspace) -> None:
    """Lines are as long as what waits in them, and everybody stands where he stands, give or take
    those who came within the same quarter of a second."""
    waits = [
        c for c in workspace.conversations.values() if c.status == "waiting" and not c.kept_for
    ]
    for conversation in waits:
        wanted = conversation.skill_class
        assert wanted is not None
        own, queue = wanted.lines
        beside = [c for c in waits if (c.queue, c.channel) == (wanted.queue, wanted.channel)]
        assert queue.waiting == len(beside)
        assert own.waiting == sum(_needs(c) == wanted.requires for c in beside)
        place = queue.place(conversation.level, conversation.due)
        same = [c for c in beside if c.level == conversation.level]
        ahead = sum(c.level < conversation.level for c in beside)
        surely = ahead + sum(c.due < conversation.due - 256 for c in same)
        at_most = ahead + sum(c.due <= conversation.due + 256 for c in same)
        assert surely < place <= at_most


def _needs(conversation: Conversation) -> object:
    return conversation.skill_class and conversation.skill_class.requires


def _check_nobody_idles(workspace: Workspace, now: int) -> None:
    """I6: no agent with room beside a waiting conversation that he could take, unless both are
    being gathered, for a second at most."""
    assert workspace.batch_until <= now + 1000
    if workspace.batch_until > now:
        return
    for conversation in workspace.conversations.values():
        for agent in workspace.agents.values():
            assert not may_take(workspace, agent, conversation, now), (
                f"{agent.name} idles while {conversation.id} waits"
            )


def _check_steps(workspace: Workspace, now: int) -> None:
    """No step is overdue, and nothing waits for agents who are not there where a step says so."""
    for conversation in workspace.conversations.values():
        step = next_step(workspace, conversation)
        if conversation.status != "waiting" or step is None:
            continue
        due = conversation.routed_at + round(
            (step.after_seconds or step.expected_wait_seconds or 10**9) * 1000
        )
        assert due > now, f"{conversation.id} missed a step"
        somebody = any(
            takes(agent, conversation.channel) and _ever(workspace, agent, conversation)
            for agent in workspace.agents.values()
        )
        offered = is_offered(workspace, conversation.queue) and conversation.kept_for is None
        assert somebody or not step.nobody_able or not offered, conversation.id


def _ever(workspace: Workspace, agent: Agent, conversation: Conversation) -> bool:
    if agent.rules is None:
        return False
    own = able(workspace, agent, conversation)
    helper = helps(workspace, agent, conversation) is not None
    return own or (helper and _fit_for(workspace, agent, conversation))


def check_offer(
    workspace: Workspace, conversation: Conversation, agent: Agent, now: int, asked: frozenset[str]
) -> None:
    """Before an offer is applied: it is allowed, nothing higher waits for him (I7), and nobody
    suits better, except those who were `asked` just before."""
    assert may_be_asked(workspace, agent, conversation, now)
    if workspace.rules.batch_ms:
        return
    for other in workspace.conversations.values():
        assert not _goes_before(workspace, agent, other, conversation) or not may_take(
            workspace, agent, other, now
        ), f"{other.id} is due before {conversation.id}"
    if conversation.kept_for is not None:
        return
    paid = price(workspace, conversation, agent)
    for other_agent in workspace.agents.values():
        assert (
            other_agent is agent
            or other_agent.name in asked
            or not may_be_asked(workspace, other_agent, conversation, now)
            or price(workspace, conversation, other_agent) >= paid
        ), f"{other_agent.name} suits better than {agent.name}"


def _goes_before(
    workspace: Workspace, agent: Agent, other: Conversation, conversation: Conversation
) -> bool:
    """Has the other one its turn first? Where agents take first what they are best at, only if
    this agent is not better at this one."""
    if other.status != "waiting" or by_due(other) >= by_due(conversation):
        return False
    if not workspace.rules.own_first or agent.rules is None:
        return True
    kept = other.kept_for is not None or conversation.kept_for is not None
    levels = agent.rules.skills
    return not kept and skill(needed(other), levels) >= skill(needed(conversation), levels)


def check_not_twice(
    workspace: Workspace, conversation: Conversation, agent: Agent, now: int, last: str | None
) -> None:
    """Before an offer is applied: nobody is asked twice in a row while it is another one's turn.
    Where several are asked at once, both may be; in a batch it is a question of costs."""
    settings = workspace.rules.queues.get(conversation.queue)
    alone = settings is None or settings.offer.agents == 1
    if agent.name == last and alone and not workspace.rules.batch_ms:
        for other in workspace.agents.values():
            turn = (
                c for c in workspace.conversations.values() if may_take(workspace, other, c, now)
            )
            first = min(turn, key=by_due, default=None)
            assert other is agent or first is not conversation, f"{other.name} can take it, too"
