"""Who meets in a conference about a question to a colleague, and who leaves it. Reads the view."""

from redis.asyncio import Redis

from services.router.calling import leg_of
from services.router.telling import LIVE
from shared.views.documents import Conversation, Delivery
from shared.views.keys import Keys
from shared.views.read import conversation as read_conversation
from shared.views.read import document

_LEAVING = frozenset({"handed_over", "returned"})


async def to_meet(
    redis: "Redis", workspace: str, question: Conversation
) -> tuple[Conversation, list[tuple[str, str]]] | None:
    """The customer's conversation and the agents, each with the id of the message that has him
    join. None where the customer is not on the line, or nobody asks any more.
    """
    about = await read_conversation(redis, workspace, question.consult_of or "")
    if about is None or about.consult != question.id or about.agent is None:
        return None
    if about.attributes.get("call_state") not in LIVE:
        return None
    agents = filter(None, (about.agent, question.agent))
    return about, [(who, leg_of(workspace, about.id, question.id, who)) for who in agents]


async def to_leave(
    redis: "Redis", workspace: str, question: Conversation, code: str | None, position: int
) -> list[tuple[Conversation, str]]:
    """The calls to end, each with the customer's conversation: of whoever was asked, or of who
    handed the customer over at this position. None where nobody ever joined.
    """
    about = await read_conversation(redis, workspace, question.consult_of or "")
    if about is None or not question.holdings or code not in _LEAVING:
        return []
    gone = [held.agent for held in about.holdings if held.until == position]
    calls: list[str] = []
    for agent in gone if code == "handed_over" else [question.holdings[-1].agent]:
        key = Keys(workspace).delivery(leg_of(workspace, about.id, question.id, agent))
        joined = await document(redis, key, Delivery)
        calls += [] if joined is None else joined.provider_ids.values()
    return [(about, call) for call in calls]
