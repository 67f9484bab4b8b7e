import asyncio
from collections.abc import Sequence

import pytest

from services.ingest.together import Together
from shared.errors import CacheUnavailable


class Server:
    """Answers when it is told to, and knows what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.free = asyncio.Event()

    async def act(self, ids: Sequence[str]) -> frozenset[str]:
        self.asked.append(list(ids))
        await self.free.wait()
        if "bad" in ids:
            raise CacheUnavailable("refused")
        return frozenset(ids)


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_comes_during_a_call_shares_the_next_one() -> None:
    server = Server()
    together = Together(server.act)
    first = asyncio.create_task(together(["a"]))
    await _settle()
    later = [asyncio.create_task(together(ids)) for ids in (["b"], ["c", "d"], ["a"])]
    await _settle()
    assert server.asked == [["a"]]
    server.free.set()
    assert await first == {"a"}
    assert await asyncio.gather(*later) == [{"a", "b", "c", "d"}] * 3
    assert server.asked == [["a"], ["b", "c", "d", "a"]]


async def test_a_failure_is_everybodys_and_the_next_call_is_free_of_it() -> None:
    server = Server()
    server.free.set()
    together = Together(server.act)
    outcomes = await asyncio.gather(together(["bad"]), together(["x"]), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [CacheUnavailable, CacheUnavailable]
    assert await together(["y"]) == {"y"}


async def test_who_was_cancelled_costs_the_others_nothing() -> None:
    server = Server()
    together = Together(server.act)
    tasks = [asyncio.create_task(together([name])) for name in "abc"]
    await _settle()
    tasks[1].cancel()
    server.free.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(outcomes[1], asyncio.CancelledError)
    assert [outcomes[0], outcomes[2]] == [frozenset("abc")] * 2


@pytest.mark.parametrize(("waiting", "calls"), [(1, 1), (1000, 1), (1001, 2), (2500, 3)])
async def test_a_call_is_bounded(waiting: int, calls: int) -> None:
    server = Server()
    server.free.set()
    together = Together(server.act)
    await asyncio.gather(*(together([str(number)]) for number in range(waiting)))
    assert len(server.asked) == calls
    assert sum(map(len, server.asked)) == waiting
