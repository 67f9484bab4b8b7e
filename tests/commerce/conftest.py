"""`--update` is an option of `tests/channels`: name both to use it."""

import pytest


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether the case files are to be rewritten with what the code does now."""
    return bool(request.config.getoption("--update", default=False))
