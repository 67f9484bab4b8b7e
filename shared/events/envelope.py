"""CloudEvents 1.0 in structured JSON mode (CNCF, cloudevents/spec v1.0.2, JSON event format).

The envelope carries everything in the value: no client has to support record headers.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

import orjson
from pydantic import ValidationError

from shared.errors import Undecodable
from shared.events.base import Event

E = TypeVar("E", bound=Event)


class Envelope(NamedTuple, Generic[E]):
    """One event with its context.

    `id` is unique per `source`; writing the same id again is a duplicate. `subject` is what the
    event is about (a conversation key, a shipment), `time` is when it was made, in UTC.
    """

    id: str
    source: str
    time: datetime
    data: E
    subject: str | None = None
    traceparent: str | None = None


def encode(envelope: Envelope[Any]) -> bytes:
    """The record value. Costs a few microseconds: it is on the path of every message."""
    identity, source, time, data, subject, traceparent = envelope
    body = data.__pydantic_serializer__.to_json(data, exclude_none=True)
    return enclose(data.TYPE, body, identity, source, time, subject, traceparent)


def enclose(
    kind: str,
    body: bytes,
    identity: str,
    source: str,
    time: datetime,
    subject: str | None = None,
    traceparent: str | None = None,
) -> bytes:
    """The record value for who has the data as JSON already; `kind` is its class's `TYPE`."""
    head: dict[str, Any] = {
        "specversion": "1.0",
        "id": identity,
        "source": source,
        "type": kind,
        "time": time,
        "datacontenttype": "application/json",
        "dataschema": f"urn:patchbay:{kind}",
    }
    if subject is not None:
        head["subject"] = subject
    if traceparent is not None:
        head["traceparent"] = traceparent
    return orjson.dumps(head, option=orjson.OPT_UTC_Z)[:-1] + b',"data":' + body + b"}"


class Decoder:
    """Reads the envelopes of one topic: the event classes it may hold, by type."""

    def __init__(self, classes: Iterable[type[Event]]) -> None:
        self._classes: Mapping[str, type[Event]] = {cls.TYPE: cls for cls in classes}

    def decode(self, value: bytes) -> Envelope[Any]:
        """Raises Undecodable, naming the first thing that is wrong and never the content."""
        try:
            raw = orjson.loads(value)
            cls = self._classes[raw["type"]]
            return Envelope(
                id=raw["id"],
                source=raw["source"],
                time=datetime.fromisoformat(raw["time"]),
                data=cls.model_validate(raw["data"], extra="ignore"),
                subject=raw.get("subject"),
                traceparent=raw.get("traceparent"),
            )
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise Undecodable(f"data.{where}: {first['msg']}") from None
        except KeyError as error:
            raise Undecodable(f"missing or unknown: {error.args[0]!s:.80}") from None
        except (ValueError, TypeError) as error:
            raise Undecodable(f"not an envelope: {error!s:.80}") from None
