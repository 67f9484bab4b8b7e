import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.channels.handles import handle, read_handle


@given(
    part=st.integers(0, 9999), message=st.from_regex(r"[a-z]{3}_[0-9a-f:]{1,40}", fullmatch=True)
)
def test_an_echoed_handle_names_message_and_part(message: str, part: int) -> None:
    assert read_handle(handle(message, part)) == (message, part)


@pytest.mark.parametrize("text", [None, "", "crm-77", "msg_1:", ":1", "msg 1:1", "msg_1:12345"])
def test_a_foreign_string_is_none_of_ours(text: str | None) -> None:
    assert read_handle(text) is None
