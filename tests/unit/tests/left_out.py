"""Not collected by itself: test_requirements.py runs this file where tools are missing."""

from tests.requirements import require_tool


def test_that_needs_nothing() -> None:
    assert True


def test_that_needs_kafka(kafka_servers: str) -> None:
    assert kafka_servers


def test_that_needs_a_tool() -> None:
    assert require_tool("no-such-program", package="no-such-package").name == "no-such-program"
