"""Every metric of the ingest service, with the question it answers. Labels are closed sets."""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

ITEMS = Counter(
    "patchbay_ingest_items_total",
    "What became of every item providers sent us?",
    ["channel", "result"],
)
"""`result`: published, duplicate, report, commerce, unknown_type, broken, unknown_account,
skipped, spooled."""

items = cache(ITEMS.labels)
"""To look a label up costs more than to count; the labels are closed sets, so this stays small."""

REFUSED = Counter(
    "patchbay_ingest_refused_requests_total",
    "Which requests did we not take, and why?",
    ["channel", "reason"],
)
"""`reason` is an error's code."""

SIGNED_WITH = Counter(
    "patchbay_ingest_signatures_total",
    "Which of the live secrets is still in use (rotation)?",
    ["channel", "secret"],
)
signed_with = cache(SIGNED_WITH.labels)

ACKNOWLEDGED = Histogram(
    "patchbay_ingest_acknowledge_seconds",
    "How long does a provider wait for our answer?",
    ["channel"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
acknowledged = cache(ACKNOWLEDGED.labels)

SPOOLED = Gauge("patchbay_ingest_spooled_records", "How many records wait in the local spool?")

KNOWN = Gauge(
    "patchbay_ingest_duplicate_index_complete",
    "Does the index of seen ids cover the whole period (1) or is it being rebuilt (0)?",
)

MAIL_WORKERS_LOST = Counter(
    "patchbay_ingest_mail_workers_lost_total",
    "How often did a mail cost the process that read it?",
)
