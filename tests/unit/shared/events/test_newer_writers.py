"""A record of a newer version is read by an older one: fields it does not know are skipped."""

from datetime import UTC, datetime

import orjson

from shared.events.commands import Configure
from shared.events.envelope import Decoder, Envelope, encode
from shared.rules import Queue, Rules

RULES = Rules(queues={"support": Queue(title="Support")})


def test_unknown_fields_are_skipped_in_rules_too() -> None:
    command = Configure(workspace="acme", digest="d", rules=RULES)
    value = orjson.loads(encode(Envelope("c", "/patchbay/test", datetime.now(UTC), command)))
    value["data"]["added"] = 1
    value["data"]["rules"]["added"] = 1
    value["data"]["rules"]["queues"]["support"]["added"] = 1

    assert Decoder([Configure]).decode(orjson.dumps(value)).data == command
