"""The comparison of the compiled engine with its sources; `make prove` builds and makes it."""

import pytest

from deploy.compile import ROOT, CannotCompile, NoCompiler
from tests.prove import __main__ as prove
from tests.prove import compiled
from tests.prove.compiled import Compared, decided, differences
from tests.prove.decided import days, simulations


def test_another_process_says_the_same() -> None:
    assert differences(simulations(20), decided(ROOT, "interpreted", 0, 20)).holds


def test_an_engine_that_is_not_compiled_proves_nothing() -> None:
    with pytest.raises(ValueError, match="is interpreted"):
        decided(ROOT, "compiled", 0, 20)


def test_every_day_and_every_simulation_counts() -> None:
    found = days(1) | simulations(20)

    assert len(set(found.values())) == len(found) == 7


def test_what_differs_is_named() -> None:
    found = differences({"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "3", "d": "3"})

    assert found.differ == ["b", "c", "d"]
    assert not found.holds
    assert not differences({}, {}).holds


def test_all_is_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compiled, "compared", lambda: Compared(106, []))

    assert prove.prove_compiled() == []
    assert capsys.readouterr().out == "compiled engine: 106 of 106 digests are the same\n"


def test_what_differs_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "compared", lambda: Compared(106, ["day 7"]))

    assert prove.prove_compiled() == ["compiled engine: day 7"]


def test_an_engine_that_breaks_is_named_with_the_reason() -> None:
    with pytest.raises(ValueError, match=r"compiled: .*greater than or equal"):
        decided(ROOT, "compiled", 0, 1)


def test_what_cannot_be_compiled_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> Compared:
        raise CannotCompile("engine.py:7: error")

    monkeypatch.setattr(compiled, "compared", refused)

    assert prove.prove_compiled() == ["compiled engine: engine.py:7: error"]


def test_without_a_compiler_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_compiler() -> Compared:
        raise NoCompiler("no C compiler (gcc)")

    monkeypatch.setattr(compiled, "compared", no_compiler)

    assert prove.prove_compiled() == []
    assert capsys.readouterr().out == "compiled engine: not run: no C compiler (gcc)\n"
