import logging

from shared.logs import Repetitions, redact


def record(message: str, created: float) -> logging.LogRecord:
    made = logging.LogRecord("aiokafka", logging.ERROR, __file__, 1, message, (), None)
    made.created = created
    return made


def test_a_library_that_repeats_itself_is_heard_twice_a_minute() -> None:
    repetitions = Repetitions()
    heard = [repetitions.filter(record("node %s is away", at)) for at in range(0, 61, 10)]
    assert heard == [True, False, False, True, False, False, True]


def test_something_else_is_heard_at_once() -> None:
    repetitions = Repetitions()
    assert repetitions.filter(record("one thing", 0))
    assert repetitions.filter(record("another thing", 1))


def test_what_must_not_be_logged_is_blanked() -> None:
    event = redact(None, "info", {"event": "sent", "to": "+4915112345678", "message": "msg_1"})
    assert event == {"event": "sent", "to": "[redacted]", "message": "msg_1"}
