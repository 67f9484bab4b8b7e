"""What the engine decides, as digests: printed, so that two builds of it can be compared.

Run as a program it says for the engine it was started with, as JSON, `engine` and `digests`.
"""

import hashlib
import json
import sys
from dataclasses import asdict

import orjson

from patchbay.simulate.parts import run_part
from services.router.shard.engine import ENGINE
from tests.prove import models
from tests.unit.services.router.engine.days import digest

DAYS, CONTACTS = 40, 10_000
"""A day takes three seconds, most of them to check it."""

_STEPS = 400


def days(number: int) -> dict[str, str]:
    """Of every decision of so many random days, restarts and rebuilds among them."""
    return {f"day {seed}": _day(seed) for seed in range(number)}


def _day(seed: int) -> str:
    try:
        return digest(seed, _STEPS)
    except AssertionError as broken:
        broken.add_note(f"on day {seed}, whichever engine it is")
        raise


def simulations(contacts: int) -> dict[str, str]:
    """Of what became of so many contacts of very different contact centres."""
    chosen = [
        models.erlang_a(50, 48, 2.0, contacts),
        models.priorities(contacts),
        models.pooled(1.425, "target", "best_fit", contacts),
        models.pooled(1.4, "newest", "least_loaded", contacts),
        models.several_hands(contacts),
        models.two_channels(contacts),
    ]
    return {model.name: _came_to(model) for model in chosen}


def _came_to(model: models.Model) -> str:
    batches = [asdict(batch) for batch in run_part(model.scenario, 0, 1)]
    return hashlib.blake2b(orjson.dumps(batches), digest_size=16).hexdigest()


if __name__ == "__main__":
    found = days(int(sys.argv[1])) | simulations(int(sys.argv[2]))
    sys.stdout.write(json.dumps({"engine": ENGINE, "digests": found}))
