"""`pytest tests/channels --update` rewrites what the case files expect; read the diff."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="rewrite `expected` of the channel case files"
    )


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether the case files are to be rewritten with what the code does now."""
    return bool(request.config.getoption("--update", default=False))
