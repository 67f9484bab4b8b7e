"""Not collected by itself: test_requirements.py proves that these ways out are closed."""

import pytest


def test_that_is_skipped() -> None:
    pytest.skip("for no good reason")


@pytest.mark.xfail(reason="for no good reason")
def test_that_is_expected_to_fail() -> None:
    pytest.fail("as expected")
