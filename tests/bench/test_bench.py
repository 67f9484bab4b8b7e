"""The benches run and their figures are sane. What the figures are is no test's business."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy.compile import ROOT, NoCompiler
from patchbay.stack import ToolMissing
from shared.clock import SystemClock
from shared.log import Entry, Partition
from shared.opening import open_log
from tests.bench import compiled
from tests.bench.__main__ import main
from tests.bench.compiled import beside, measured
from tests.bench.figures import QUICK, BenchFailed, Row, Size
from tests.bench.ingest import BARE, INGEST, all_in_the_log
from tests.requirements import leave_out

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def _measured(name: str, folder: Path) -> list[dict[str, Any]]:
    """The reports that `make bench ARGS="NAME --quick"` writes."""
    file = folder / "bench.json"
    try:
        main([name, "--quick", "--json", str(file)])
    except ToolMissing as missing:
        leave_out(missing.tool, missing.package)
    written = json.loads(file.read_text())[name]
    assert "others" in written
    reports: list[dict[str, Any]] = written["reports"]
    return reports


@pytest.mark.kafka
@pytest.mark.redis
def test_ingest_is_measured_beside_its_limits(tmp_path: Path) -> None:
    saturated, timed = _measured("ingest", tmp_path)
    figures = {(row["what"], row["batch"]): row for row in saturated["rows"]}
    assert len(figures) == 8
    assert all(row["lowest"] <= row["events_per_s"] <= row["highest"] for row in figures.values())
    assert all(row["lowest"] > 0 for row in figures.values())
    assert all(row["p50_ms"] <= row["p99_ms"] for row in figures.values())
    for batch in (1, 50):
        bare, ingest = figures[BARE, batch], figures[INGEST, batch]
        assert bare["of_bare"] == 1
        assert ingest["of_bare"] == pytest.approx(ingest["events_per_s"] / bare["events_per_s"])
    assert {row["what"] for row in timed["rows"]} == {BARE, INGEST}
    assert all(row["answered"] == row["sent"] > 0 for row in timed["rows"])


@pytest.mark.kafka
@pytest.mark.redis
def test_every_contact_is_followed_to_an_agent(tmp_path: Path) -> None:
    report, spent = _measured("latency", tmp_path)
    echo, hop, limit, contacts = report["rows"]
    assert limit["p50_ms"] == pytest.approx(echo["p50_ms"] + 2 * hop["p50_ms"])
    assert contacts["contacts"] > 0
    assert contacts["missing"] == 0
    assert 0 < contacts["p50_ms"] <= contacts["p99_ms"] <= contacts["longest_ms"]
    assert len(spent["rows"]) == 1
    assert contacts["of_limit"] == pytest.approx(contacts["p50_ms"] / limit["p50_ms"])


def test_the_engine_is_measured_alone(tmp_path: Path) -> None:
    report, other = _measured("engine", tmp_path)
    assert [row for row in report["rows"] if row.get("commands/s", 1) <= 0] == []
    assert report["rows"]
    assert other["rows"]


def test_the_compiled_engine_stands_beside_the_interpreted_one() -> None:
    interpreted: list[Row] = [{"measured": "a", "commands/s": 100.0}, {"measured": "b"}]
    rows: list[Row] = [{"measured": "a", "commands/s": 150.0}, {"measured": "b", "restore s": 1.0}]
    assert beside(interpreted, rows) == [{**rows[0], "times interpreted": 1.5}, rows[1]]


def test_only_a_compiled_engine_is_measured_as_one() -> None:
    with pytest.raises(BenchFailed, match="is interpreted"):
        measured(ROOT, QUICK)


def test_without_a_compiler_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def build() -> Path:
        raise NoCompiler("no C compiler (gcc)")

    monkeypatch.setattr(compiled, "build", build)
    assert compiled.rows_for(Size(), []) == [{"measured": "not measured: no C compiler (gcc)"}]


@pytest.mark.kafka
@pytest.mark.redis
def test_a_shard_catches_up_recovers_and_waits(tmp_path: Path) -> None:
    through, much, timers = _measured("shard", tmp_path)
    assert [row["what"] for row in through["rows"]] == [
        "customers write",
        "agents accept and close",
    ]
    assert all(row["decisions_per_s"] > 0 < row["limit_per_s"] for row in through["rows"])
    snapshot, recovery, busy = much["rows"]
    assert snapshot["waiting"] == recovery["waiting"] == busy["waiting"] > 0
    assert recovery["replayed"] > 0
    assert busy["decisions_per_s"] > 0
    assert all(row["longest_stall_ms"] > 0 for row in much["rows"])
    few, many = timers["rows"]
    assert few["armed"] < many["armed"]


async def test_an_acknowledged_event_that_is_not_in_the_log_voids_the_run() -> None:
    async with open_log("memory:", SystemClock(), 4) as log, log.sink() as sink:
        await sink.append(Partition("inbound", 3), Entry(b"k", b"v"))
        await all_in_the_log(log, 4, acknowledged=1)
        with pytest.raises(BenchFailed, match="2 events acknowledged, 1 in the log"):
            await all_in_the_log(log, 4, acknowledged=2)


def test_an_unknown_bench_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["nothing"])
    assert ended.value.code == 2
    assert "there is no bench nothing" in capsys.readouterr().err
