"""Facts become metrics once, with labels from closed sets."""

from itertools import product

import pytest
from prometheus_client import REGISTRY

from services.router.view.meters import Meters, Names
from shared.figures.facts import Fact
from shared.figures.tally import Target

TARGET = Target(20_000, 5_000)


def _value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def _by(queue: str) -> dict[str, str]:
    return {"channel": "phone", "queue": queue, "class": "normal"}


def test_names_beyond_the_bound_are_other() -> None:
    names = Names(2)
    assert [names.label(name) for name in ("a", "b", "c", "a", "d")] == [
        *("a", "b", "other", "a", "other"),
    ]


@pytest.mark.parametrize(
    ("measure", "outcome", "metric"),
    [
        ("arrival", "", "patchbay_arrivals_total"),
        ("wait", "answered", "patchbay_wait_seconds_sum"),
        ("queue_wait", "moved", "patchbay_queue_wait_seconds_sum"),
        ("first_response", "", "patchbay_first_response_seconds_sum"),
        ("handle", "", "patchbay_handle_seconds_sum"),
        ("wrap_up", "", "patchbay_wrap_up_seconds_sum"),
        ("transfer", "", "patchbay_transfers_total"),
    ],
)
def test_every_measure_has_its_metric(measure: str, outcome: str, metric: str) -> None:
    queue = f"q_{measure}"
    labels = {**_by(queue), **({"outcome": outcome} if outcome else {})}
    fact = Fact(measure, "phone", queue, "normal", 1000, outcome)  # type: ignore[arg-type]

    Meters().count([(7, fact, TARGET)], 0)

    assert _value(metric, **labels) == 1


def test_an_estimate_is_counted_by_how_it_turned_out() -> None:
    fact = Fact("estimate", "phone", "q_estimates", "normal", 0, "within_p90")
    Meters().count([(7, fact, TARGET)], 0)
    assert _value("patchbay_wait_estimates_total", **_by("q_estimates"), result="within_p90") == 1


def test_an_offer_is_counted_by_how_it_ended() -> None:
    fact = Fact("offer", "phone", "q_offers", "normal", 3000, "declined")
    Meters().count([(7, fact, TARGET)], 0)
    assert (
        _value("patchbay_offer_seconds_sum", channel="phone", queue="q_offers", outcome="declined")
        == 3
    )


def test_what_was_counted_before_is_not_counted_again() -> None:
    """As when a lost view is read again from the beginning."""
    fact = Fact("arrival", "phone", "q_again", "normal")
    Meters().count([(offset, fact, TARGET) for offset in range(10)], 7)
    assert _value("patchbay_arrivals_total", **_by("q_again")) == 3


def test_the_service_level_is_counted_by_queue() -> None:
    waits = [("answered", 10), ("answered", 30), ("abandoned", 1), ("abandoned", 9), ("ended", 1)]
    facts = [Fact("wait", "phone", "q_sl", "normal", s * 1000, how) for how, s in waits]
    Meters().count([(0, fact, TARGET) for fact in facts], 0)

    found = {
        count: _value("patchbay_service_level_waits_total", queue="q_sl", count=count)
        for count in ("offered", "answered", "answered_in_target", "abandoned")
    }
    assert found == {"offered": 5, "answered": 2, "answered_in_target": 1, "abandoned": 2}
    early = _value("patchbay_service_level_waits_total", queue="q_sl", count="abandoned_in_target")
    short = _value("patchbay_service_level_waits_total", queue="q_sl", count="abandoned_short")
    assert (early, short) == (2, 1)


def test_many_queues_and_classes_make_few_series() -> None:
    meters = Meters(queues=3, classes=2)
    facts = [
        (0, Fact("transfer", "sms", f"m{queue}", f"c{name}"), TARGET)
        for queue, name in product(range(20), range(20))
    ]
    meters.count(facts, 0)

    (family,) = [f for f in REGISTRY.collect() if f.name == "patchbay_transfers"]
    series = {
        tuple(sample.labels.values())
        for sample in family.samples
        if sample.labels["channel"] == "sms" and sample.name.endswith("_total")
    }
    assert len(series) == 4 * 3


def test_rules_on_trial_are_counted_beside_those_in_force() -> None:
    name = "patchbay_rules_wait_seconds_sum"
    before = {v: _value(name, version=v, outcome="answered") for v in ("trial", "in_force")}
    facts = [
        Fact("wait", "phone", "q_trial", "normal", 3000, "answered", trial=True),
        Fact("wait", "phone", "q_trial", "normal", 1000, "answered"),
        Fact("arrival", "phone", "q_trial", "normal", trial=True),
    ]
    arrivals = _value("patchbay_rules_arrivals_total", version="trial")

    Meters().count([(number, fact, TARGET) for number, fact in enumerate(facts)], 0)

    after = {v: _value(name, version=v, outcome="answered") for v in ("trial", "in_force")}
    assert {v: after[v] - before[v] for v in after} == {"trial": 3, "in_force": 1}
    assert _value("patchbay_rules_arrivals_total", version="trial") == arrivals + 1
