"""How many agents, by formula and by the engine."""

import math
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest
from typer.testing import CliRunner

from patchbay.cli import app
from patchbay.queueing import Line, figures
from patchbay.recorded.visits import Visit
from patchbay.staff.checked import answered_within
from patchbay.staff.forecast import Interval, handle_minutes, of_week, patience_minutes
from patchbay.staff.plan import Target, plan

_HALF_HOUR = Interval("mon 09:00", volume=120, minutes=30, handle_minutes=5)
_MONDAY = 1_767_571_200_000  # 2026-01-05 00:00 UTC
_HOUR = 3_600_000


def test_erlang_c_and_one_agent_fewer_is_too_few() -> None:
    row = plan(_HALF_HOUR, Target(80, 20), None)

    assert row.load == pytest.approx(20)
    assert row.erlang_c.agents == 25
    assert row.erlang_c.answered_within >= 0.8 > figures(Line(24, 4, 0.2)).answered_within(1 / 3)
    assert row.erlang_a is None


def test_who_gives_up_needs_nobody() -> None:
    row = plan(_HALF_HOUR, Target(80, 20), patience_minutes=2)

    assert row.erlang_a is not None
    assert row.erlang_a.agents < row.erlang_c.agents
    assert row.erlang_a.p_abandon > 0


def test_nobody_is_to_be_busier_than_this() -> None:
    free, bound = (plan(_HALF_HOUR, Target(80, 20, most), None).erlang_c for most in (1, 0.7))

    assert free.occupancy > 0.7
    assert bound.occupancy <= 0.7
    assert bound.agents == 29 == math.ceil(20 / 0.7)


def test_who_is_paid_but_not_there_is_paid_too() -> None:
    need = plan(_HALF_HOUR, Target(80, 20, shrinkage=0.25), None).erlang_c

    assert (need.agents, need.scheduled) == (25, 34)


def test_agents_who_have_two_in_hand_are_half_as_many() -> None:
    assert plan(_HALF_HOUR, Target(80, 20, at_once=2), None).erlang_c.agents == 13


def test_nothing_comes() -> None:
    assert plan(Interval("sun", 0, 30, 5), Target(80, 20), 2.0).erlang_c.agents == 0


@pytest.mark.parametrize("patience", [None, 2.0])
def test_the_engine_does_what_the_plan_expects(patience: float | None) -> None:
    target = Target(80, 20)
    row = plan(_HALF_HOUR, target, patience)
    need = row.erlang_a or row.erlang_c

    found = answered_within(row, target, patience, 6_000)

    assert found.value is not None
    assert found.half_width is not None
    assert abs(found.value - need.answered_within) <= found.half_width


def _visit(arrived: int, answered: int | None, ended: int, work: int = 0) -> Visit:
    visit = Visit("c", "k", "phone", {}, arrived, "support")
    visit.answered, visit.ended, visit.work = answered, ended, work
    visit.by_customer = answered is None
    return visit


def test_a_week_is_the_mean_of_the_recorded_ones() -> None:
    first = [_visit(_MONDAY + 9 * _HOUR + n, None, 0) for n in range(30)]
    second = [_visit(_MONDAY + 7 * 24 * _HOUR + 9 * _HOUR + n, None, 0) for n in range(10)]
    until = _MONDAY + 14 * 24 * _HOUR

    found = of_week([*first, *second], _MONDAY, until, 60, ZoneInfo("Europe/Berlin"), 4.0)

    assert found == [Interval("mon 10:00", 20.0, 60, 4.0)]


def test_handle_and_patience_are_taken_from_the_record() -> None:
    visits = [_visit(0, 60_000, 300_000, work=240_000), _visit(0, None, 180_000)]

    assert handle_minutes(visits) == 4
    assert patience_minutes(visits, until=0) == 4
    assert patience_minutes(visits[:1], until=0) is None


def test_a_plan_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "volumes.csv"
    file.write_text("start,volume,handle_minutes\nmon 09:00,120,5\nmon 09:30,0,5\n")

    done = CliRunner().invoke(app, ["staff", "--volumes", str(file), "--json"])

    assert done.exit_code == 0, done.output
    first, second = orjson.loads(done.stdout)["intervals"]
    assert first["erlang_c"]["agents"] == 25
    assert first["erlang_c"]["scheduled"] == 36
    assert (second["erlang_c"]["agents"], first["erlang_a"]) == (0, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("start,volumes\n", "volumes.csv:1: needs the columns start and volume"),
        ("start,volume\nmon,many\n", "volumes.csv:2: volume: should be a number, not 'many'"),
        ("start,volume\nmon,5\n", "volumes.csv:2: handle_minutes: is not known"),
    ],
)
def test_a_file_that_is_wrong(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "volumes.csv"
    file.write_text(text)
    arguments = ["staff", "--volumes", str(file)]

    done = CliRunner().invoke(app, arguments + ["--handle-minutes", "5"] * ("many" in text))

    assert done.exit_code == 1
    assert said in done.stderr
