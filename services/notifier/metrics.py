"""Every metric of the notifier, with the question it answers. Labels are closed sets."""

from prometheus_client import Counter, Gauge, Histogram

OUTCOMES = Counter(
    "patchbay_notifier_outcomes_total",
    "What did providers (or our own rules) say to our messages?",
    ["channel", "kind"],
)
"""`kind` is an OutcomeKind; one per attempt, and one per message refused before any attempt."""

SETTLED = Counter(
    "patchbay_notifier_messages_total",
    "What became of whole messages in the end?",
    ["channel", "kind"],
)

CALL_SECONDS = Histogram(
    "patchbay_notifier_call_seconds",
    "How long do providers take to answer?",
    ["channel"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30),
)

SEND_SECONDS = Histogram(
    "patchbay_notifier_send_seconds",
    "How long from a message being written to the provider having taken it?",
    ["channel"],
    buckets=(0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800, 7200, 43200),
)

HELD = Gauge(
    "patchbay_notifier_held_messages",
    "How many messages are in hand and not settled?",
    ["channel"],
)

OVERFLOWING = Gauge(
    "patchbay_notifier_overflowing_queues",
    "How many account queues are longer than what is kept in memory?",
)

STOPPED = Gauge(
    "patchbay_notifier_stopped_accounts",
    "How many accounts are held back because the provider fails or refuses our credentials?",
    ["channel"],
)

DOUBTS = Counter(
    "patchbay_notifier_doubts_total",
    "How were unknown outcomes resolved?",
    ["channel", "how"],
)
"""`how`: receipt, lookup, resent, surfaced, corrected."""

RECEIPTS = Counter(
    "patchbay_notifier_receipts_total",
    "Which receipts did we see, and did we know their message?",
    ["channel", "status", "known"],
)

LIMITER_LOCAL = Gauge(
    "patchbay_notifier_limiter_local",
    "Are rate limits kept by this pod alone because Redis is away (1)?",
)

CONTACTS_FRESH = Gauge(
    "patchbay_notifier_contacts_complete",
    "Does the index of customers' windows and opt-outs cover the whole log (1)?",
)

SKIPPED = Counter(
    "patchbay_notifier_unreadable_records_total",
    "How many records of a topic could not be read?",
    ["topic"],
)

ALERTS = Counter(
    "patchbay_notifier_alerts_total",
    "What became of proactive alerts?",
    ["result"],
)
"""`result`: planned, fallback, sent, delivered, answered, withdrawn, undeliverable, not_allowed."""

RECORDS_RESTORED = Counter(
    "patchbay_notifier_restored_records_total",
    "How many records were read again to rebuild what this process knows?",
    ["topic"],
)
