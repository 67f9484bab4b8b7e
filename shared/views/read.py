"""Read single documents of the view. Every function raises CacheUnavailable."""

from collections.abc import Sequence
from typing import TypeVar

from redis.asyncio import Redis

from shared.cache import asked
from shared.views.documents import Agent, Conversation, Document
from shared.views.keys import Keys

D = TypeVar("D", bound=Document)


async def document(redis: "Redis", key: str, model: type[D]) -> D | None:
    """The document under a key."""
    stored = await asked(redis.get(key))
    return model.model_validate_json(stored) if stored else None


async def documents(redis: "Redis", keys: Sequence[str], model: type[D]) -> list[D | None]:
    """The documents under several keys of one workspace, in their order."""
    if not keys:
        return []
    stored = await asked(redis.mget(keys))
    return [model.model_validate_json(text) if text else None for text in stored]


async def conversation(redis: "Redis", workspace: str, conversation_id: str) -> Conversation | None:
    """One conversation of one workspace."""
    return await document(redis, Keys(workspace).conversation(conversation_id), Conversation)


async def agents(redis: "Redis", workspace: str) -> list[Agent]:
    """Every agent who ever did something, by name."""
    keys = Keys(workspace)
    names = await asked(redis.zrange(keys.agents(), 0, -1))
    found = await documents(redis, [keys.agent(name) for name in names], Agent)
    return [agent for agent in found if agent is not None]
