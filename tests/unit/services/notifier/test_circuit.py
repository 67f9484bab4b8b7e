"""An account is held back when its provider fails, and tried again carefully."""

from datetime import UTC, datetime, timedelta

import pytest

from services.notifier.circuit import Circuit, Fuse
from shared.events.outbound import OutcomeKind

NOW = datetime(2026, 5, 12, 12, tzinfo=UTC)
FUSE = Fuse(failures=3, seconds=10, refused_seconds=60, longest=300)


def _after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("kind", ["retry", "throttled", "unknown", "misconfigured"])
def test_failures_in_a_row_open_it(kind: OutcomeKind) -> None:
    circuit = Circuit(FUSE)

    changes = [circuit.report(kind, NOW) for _ in range(3)]

    assert changes == [None, None, "opened"]
    assert circuit.width(_after(9), 16) == 0
    assert circuit.width(_after(10), 16) == 1


@pytest.mark.parametrize(
    "kind", ["accepted", "window_closed", "opted_out", "unreachable", "rejected_content"]
)
def test_an_answer_that_shows_a_healthy_provider_starts_the_count_anew(kind: OutcomeKind) -> None:
    circuit = Circuit(FUSE)
    for each in ("retry", "retry", kind, "retry", "retry"):
        circuit.report(each, NOW)

    assert circuit.width(NOW, 16) == 16


def test_refused_credentials_open_it_at_once() -> None:
    circuit = Circuit(FUSE)

    assert circuit.report("misconfigured", NOW, refused=True) == "opened"
    assert circuit.width(_after(59), 16) == 0


def test_a_wait_the_provider_named_is_kept() -> None:
    circuit = Circuit(FUSE)
    for _ in range(3):
        circuit.report("throttled", NOW, after=120)

    assert circuit.width(_after(119), 16) == 0
    assert circuit.width(_after(120), 16) == 1


def test_a_probe_that_fails_doubles_the_pause_and_one_that_works_closes_it() -> None:
    circuit = Circuit(FUSE)
    for _ in range(3):
        circuit.report("retry", NOW)

    assert circuit.report("retry", _after(10)) is None
    assert circuit.width(_after(29), 16) == 0
    assert circuit.width(_after(30), 16) == 1
    assert circuit.report("accepted", _after(30)) == "closed"
    assert circuit.width(_after(30), 16) == 16


def test_calls_that_were_under_way_when_it_opened_do_not_make_it_worse() -> None:
    circuit = Circuit(FUSE)
    for _ in range(10):
        circuit.report("retry", NOW)

    assert circuit.width(_after(10), 16) == 1


def test_a_pause_has_an_end() -> None:
    circuit = Circuit(FUSE)
    moments = [NOW]
    for _ in range(30):
        circuit.report("misconfigured", moments[-1], refused=True)
        assert circuit.open_until is not None
        moments.append(circuit.open_until)

    assert moments[-1] - moments[-2] == timedelta(seconds=300)
