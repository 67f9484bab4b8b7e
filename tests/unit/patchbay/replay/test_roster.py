"""Who is there by a roster, on the clock on the wall."""

from patchbay.replay.roster import Roster, rostered
from tests.unit.patchbay.replay.record import START

_HOUR = 3_600_000


def _times(text: dict[str, object], hours: int) -> list[tuple[float, str, str]]:
    roster = Roster.model_validate({"time_zone": "Europe/Berlin", "shifts": [text]})
    found = rostered(roster, START, START + hours * _HOUR)
    return [((p.at - START) / _HOUR, p.agent, p.state) for p in found]


def test_a_shift_on_mondays() -> None:
    shift: dict[str, object] = {"agents": ["ana"], "days": ["mon"], "from": "09:00", "to": "17:00"}

    assert _times(shift, 48) == [(8, "ana", "available"), (16, "ana", "draining")]


def test_a_shift_over_night_has_begun_the_day_before() -> None:
    shift: dict[str, object] = {"agents": ["ana"], "from": "22:00", "to": "06:00"}

    assert _times(shift, 12) == [(0, "ana", "available"), (5, "ana", "draining")]


def test_further_ones() -> None:
    shift: dict[str, object] = {"like": "ana", "count": 2, "from": "01:00", "to": "02:00"}

    names = [name for _, name, _ in _times(shift, 2)]

    assert names == ["further-1-1", "further-1-2"] * 2
