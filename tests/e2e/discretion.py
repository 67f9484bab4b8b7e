"""What services must never say: whom they talk to, what was written, and what is secret."""

import re
from collections.abc import Iterator, Mapping

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from patchbay.demo import configuration, scenario
from services.router.api.table import OPERATIONS
from shared.channels.registry import CHANNELS
from shared.topics import TOPICS
from tests.e2e.stage import Stage

_WORD = re.compile(r"[a-z][a-z_]{1,39}")
_STATUS = re.compile(r"[1-5][0-9][0-9]")
_NUMBERED = {
    "secret": {"0", "1"},
    "part": {"0", "1"},
    "result": {"within_p50", "within_p90"},
}
_NAMED = {
    "channel": {*CHANNELS, "commerce", "other", "all"},
    "topic": set(TOPICS),
    "operation": {"unknown", *(operation.name for operation in OPERATIONS)},
    "queue": {"orders", "support", "yours", "other"},
}


def private_words(stage: Stage) -> set[str]:
    """Everything about this stage's customers, and its secrets, that may stand in no output."""
    places = {question.place.address for question in stage.world.ledger.questions.values()}
    bare = {address.lstrip("+").removeprefix("urn:mbid:") for address in places}
    texts = {text for several in scenario._TEXTS.values() for text in several}
    follow_ups = set(scenario._FOLLOW_UPS.values())
    secrets = {getattr(stage.secrets, name) for name in stage.secrets.__slots__}
    ours = {configuration.MAILBOX, configuration.PHONE_NUMBER, "Thank you for asking", "@home."}
    return bare | texts | follow_ups | secrets | ours


def leaks(outputs: Mapping[str, str], words: set[str]) -> list[str]:
    """The lines that say a private word, by service."""
    known = re.compile("|".join(re.escape(word) for word in sorted(words)))
    return [
        f"{service}: {line}"
        for service, output in outputs.items()
        for line in output.splitlines()
        if known.search(line)
    ]


def open_labels(exposition: str) -> set[tuple[str, str, str]]:
    """Metric, label and value of every value that is from no closed set."""
    return {found for found in _labels(exposition) if not _closed(*found)}


def _labels(exposition: str) -> Iterator[tuple[str, str, str]]:
    families = text_string_to_metric_families(exposition)  # type: ignore[no-untyped-call]
    for family in families:
        for sample in family.samples:
            for label, value in sample.labels.items():
                if label != "le" and family.name.startswith("patchbay_"):
                    yield family.name, label, value


def _closed(_metric: str, label: str, value: str) -> bool:
    if label in _NAMED:
        return value in _NAMED[label]
    if value in _NUMBERED.get(label, ()):
        return True
    private = value in configuration.AGENTS or value == configuration.WORKSPACE
    known = _STATUS if label == "status" and value[:1].isdigit() else _WORD
    return not private and known.fullmatch(value) is not None
