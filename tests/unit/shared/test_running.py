"""When a service begins anew, and what it says when it ends."""

import asyncio
import errno
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from shared import running
from shared.clock import ManualClock
from shared.config.models import Config
from shared.errors import (
    CacheUnavailable,
    ConfigurationInvalid,
    LogUnavailable,
    PatchbayError,
    TooManyDeadLetters,
)
from shared.running import expected, persistently
from shared.service import Deps
from shared.settings import ServiceSettings, read_settings
from shared.sqlite import SqliteLog

_BUG = ValueError("a bug")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_PAUSE_SECONDS", 0.01)


def _deps() -> Deps:
    return Deps(
        log=SqliteLog(":memory:"),
        redis=cast(Any, None),
        clock=ManualClock(datetime(2026, 1, 1, tzinfo=UTC)),
        config=cast(Config, None),
        shards=1,
        instance="test",
    )


class _Failing:
    """A service that fails with these, one after the other, and then serves until it is stopped."""

    def __init__(self, failures: Sequence[Exception]) -> None:
        self._failures = list(failures)
        self.probes: list[list[str]] = []
        self.serving = asyncio.Event()

    async def serve(self, deps: Deps, _settings: ServiceSettings, stop: asyncio.Event) -> None:
        self.probes.append(deps.probes.not_ready())
        deps.probes.ready[f"attempt {len(self.probes)}"] = lambda: True
        if self._failures:
            raise self._failures.pop(0)
        self.serving.set()
        await stop.wait()


async def _run(failures: Sequence[Exception]) -> _Failing:
    service, stop = _Failing(failures), asyncio.Event()
    running_ = asyncio.create_task(persistently(service.serve, _deps(), ServiceSettings(), stop))
    serving = asyncio.create_task(service.serving.wait())
    await asyncio.wait({running_, serving}, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    serving.cancel()
    await running_
    return service


async def test_a_service_begins_anew_as_often_as_log_or_redis_are_away() -> None:
    group = ExceptionGroup("two parts", [LogUnavailable("away"), CacheUnavailable("away")])
    service = await _run([LogUnavailable("away"), CacheUnavailable("away"), group])
    assert service.probes == [["starting"]] * 4


@pytest.mark.parametrize(
    "failure",
    [
        TooManyDeadLetters("everything fails"),
        _BUG,
        ExceptionGroup("a bug beside an outage", [LogUnavailable("away"), _BUG]),
        ExceptionGroup("no outage", [LogUnavailable("away"), TooManyDeadLetters("too many")]),
    ],
    ids=str,
)
async def test_it_does_not_outlive_other_failures(failure: Exception) -> None:
    with pytest.raises(type(failure)) as raised:
        await _run([LogUnavailable("away"), failure])
    assert raised.value is failure


async def test_what_goes_wrong_while_it_stops_is_not_tried_again() -> None:
    stop = asyncio.Event()

    async def serve(_deps: Deps, _settings: ServiceSettings, _stop: asyncio.Event) -> None:
        stop.set()
        raise LogUnavailable("away")

    with pytest.raises(LogUnavailable):
        await persistently(serve, _deps(), ServiceSettings(), stop)


async def test_it_can_be_stopped_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_PAUSE_SECONDS", 3600)
    stop, tried = asyncio.Event(), asyncio.Event()

    async def serve(_deps: Deps, _settings: ServiceSettings, _stop: asyncio.Event) -> None:
        tried.set()
        raise LogUnavailable("away")

    waiting = asyncio.create_task(persistently(serve, _deps(), ServiceSettings(), stop))
    await tried.wait()
    stop.set()
    await waiting


_LOG, _DEAD = LogUnavailable("away"), TooManyDeadLetters("everything fails")


@pytest.mark.parametrize(
    ("error", "known"),
    [
        (_LOG, _LOG),
        (ExceptionGroup("", [_LOG, ExceptionGroup("", [_DEAD])]), _DEAD),
        (ExceptionGroup("", [_LOG, _BUG]), None),
        (_BUG, None),
        (OSError(errno.EIO, "the disk is broken"), None),
    ],
    ids=str,
)
def test_only_failures_with_a_name_are_expected(
    error: Exception, known: PatchbayError | None
) -> None:
    assert expected(error) is known


def test_a_port_that_is_taken_is_a_matter_of_configuration() -> None:
    taken = ExceptionGroup("", [OSError(errno.EADDRINUSE, "8080: address already in use")])
    found = expected(taken)
    assert isinstance(found, ConfigurationInvalid)
    assert "8080: address already in use" in str(found)


def test_a_wrong_variable_is_named_and_its_value_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHBAY_SHARDS", "s3cret")
    monkeypatch.setenv("PATCHBAY_GRACE_SECONDS", "-17")
    with pytest.raises(ConfigurationInvalid) as raised:
        read_settings(ServiceSettings)
    first, second = str(raised.value).splitlines()
    assert first.startswith("PATCHBAY_SHARDS: ")
    assert second.startswith("PATCHBAY_GRACE_SECONDS: ")
    assert "s3cret" not in first
    assert "17" not in second


def test_a_process_of_several_parts_is_ready_when_all_are() -> None:
    deps = _deps()
    one, two = deps.part("one"), deps.part("two")
    assert deps.probes.not_ready() == ["one", "two"]
    one.probes.ready["check"] = lambda: True
    assert deps.probes.not_ready() == ["two"]
    two.probes.ready["check"] = lambda: True
    assert deps.probes.not_ready() == []
    two.probes.live["check"] = lambda: False
    assert deps.probes.not_live() == ["two"]
    two.probes.forget()
    assert (deps.probes.not_live(), deps.probes.not_ready()) == ([], ["two"])
