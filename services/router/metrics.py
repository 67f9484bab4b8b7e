"""Every metric of the router, with the question it answers. Labels are closed sets."""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

VIEW_RECORDS = Counter(
    "patchbay_view_records_total",
    "What became of the records that the view read?",
    ["topic", "result"],
)
"""`result`: applied, seen (before), void, undecodable."""

VIEW_REBUILDS = Counter(
    "patchbay_view_rebuilds_total",
    "How often was a workspace's view found missing and read from the log again?",
)

VIEW_WAITS = Counter(
    "patchbay_view_waits_total",
    "How often did the view have to wait for Redis or the log?",
    ["reason"],
)
"""`reason` is an error's code."""

VIEW_AGE = Histogram(
    "patchbay_view_record_age_seconds",
    "How old is a decision when the view shows it?",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)

_WAITS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400)
_BY = ["channel", "queue", "class"]

WAIT_SECONDS = Histogram(
    "patchbay_wait_seconds",
    "How long do customers wait until an agent first accepts, or until they give up?",
    [*_BY, "outcome"],
    buckets=_WAITS,
)
"""Since it arrived. `outcome`: answered, abandoned (by the customer), ended (by ourselves). Here
and below: the first 50 queues and 20 classes that are met; the rest together as `other`."""

QUEUE_WAIT_SECONDS = Histogram(
    "patchbay_queue_wait_seconds",
    "How long is one stay in a queue?",
    [*_BY, "outcome"],
    buckets=_WAITS,
)
"""`outcome` as above, or moved (to another queue)."""

FIRST_RESPONSE_SECONDS = Histogram(
    "patchbay_first_response_seconds",
    "How long until the first answer of a person has reached the provider?",
    _BY,
    buckets=_WAITS,
)

HANDLE_SECONDS = Histogram(
    "patchbay_handle_seconds",
    "How long does an agent hold a conversation?",
    _BY,
    buckets=_WAITS,
)

WRAP_UP_SECONDS = Histogram(
    "patchbay_wrap_up_seconds",
    "How long is an agent's work after the end of a conversation?",
    _BY,
    buckets=_WAITS,
)

OFFER_SECONDS = Histogram(
    "patchbay_offer_seconds",
    "How do offers end, and after how long?",
    ["channel", "queue", "outcome"],
    buckets=(1, 2, 5, 10, 15, 20, 30, 45, 60, 120, 300),
)
"""`outcome`: accepted, declined, expired, rescinded, cancelled."""

ROUTE_STEPS = Counter(
    "patchbay_route_steps_total",
    "How often is each step of a route taken, and how does it end?",
    ["route", "step", "outcome"],
)
"""`step` counts from 1. `outcome`: taken, then answered, abandoned, ended, expired (the next step
came) or left (routed anew). The first 50 routes that are met; the rest together as `other`."""

TRANSFERS = Counter(
    "patchbay_transfers_total",
    "How many conversations are given to another queue?",
    _BY,
)

WAIT_ESTIMATES = Counter(
    "patchbay_wait_estimates_total",
    "Did waits end when we said they would?",
    [*_BY, "result"],
)
"""`result`: within_p50, within_p90 (later than half, not than nine in ten), beyond, unknown
(nothing could be said). Half should be within_p50, nine in ten either of the first two."""

ARRIVALS = Counter(
    "patchbay_arrivals_total",
    "How many conversations begin to wait for the first time?",
    _BY,
)

SERVICE_LEVEL_WAITS = Counter(
    "patchbay_service_level_waits_total",
    "Of what are the six service levels made?",
    ["queue", "count"],
)
"""`count`: offered (every wait that ended), answered, answered_in_target, abandoned,
abandoned_in_target, abandoned_short."""

EFFECTS = Counter(
    "patchbay_effects_total",
    "What followed from decisions and deliveries?",
    ["effect"],
)
"""`effect`: connect, dial, ring, conference, join, hangup, tell, note_delivery, note_call,
no_phone, keep_rules (of one version)."""

API_REQUESTS = Counter(
    "patchbay_api_requests_total",
    "Which operations are asked for, and how are they answered?",
    ["operation", "status"],
)
"""`operation` is an operation of `/openapi.json`, or `unknown`; `status` the HTTP status."""

API_SECONDS = Histogram(
    "patchbay_api_request_seconds",
    "How long does an answer take?",
    ["operation"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)

API_DECISION_SECONDS = Histogram(
    "patchbay_api_decision_seconds",
    "How long does a command wait for its decision?",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)

API_STREAMS = Gauge("patchbay_api_streams", "How many event streams are open?")

API_STREAM_EVENTS = Counter(
    "patchbay_api_stream_events_total",
    "How many events were sent on streams?",
)

API_STREAMS_CUT = Counter(
    "patchbay_api_streams_cut_total",
    "Why did streams end?",
    ["reason"],
)
"""`reason`: slow, drain, expired, failed (the log), gone (by the client)."""

API_LEASES_LOST = Counter(
    "patchbay_api_leases_lost_total",
    "How many agents were set offline because their stream was gone?",
)

ENGINE_INPUTS = Counter(
    "patchbay_engine_inputs_total",
    "What did the engine decide on, and what came of it?",
    ["input", "result"],
)
"""`input`: inbound, commands, timer, configuration. `result`: decided, nothing, buried."""

engine_inputs = cache(ENGINE_INPUTS.labels)

ENGINE_EVENTS = Counter(
    "patchbay_engine_events_total",
    "What was decided?",
    ["event"],
)
"""`event` is one of the events of `shared.events.routing`."""

engine_events = cache(ENGINE_EVENTS.labels)

ENGINE_DECISION_SECONDS = Histogram(
    "patchbay_engine_decision_seconds",
    "How long does it take from reading an input until the decision on it is true?",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

ENGINE_WAITING = Gauge(
    "patchbay_engine_waiting",
    "How many conversations wait, by channel and queue?",
    ["channel", "queue"],
)
"""The first 50 queues by name; the rest together as `other`."""

ENGINE_AGENTS = Gauge(
    "patchbay_engine_agents",
    "How many agents are there, and what do they do?",
    ["doing"],
)
"""`doing`: handling (a conversation or its wrap-up), idle (could take one), absent."""

ENGINE_UNITS = Gauge(
    "patchbay_engine_units",
    "How much of the agents' capacity is there, and how much of it is taken?",
    ["what"],
)
"""`what`: taken (offers and wrap-ups included), capacity (of all who are not absent)."""

ENGINE_SERVICE_LEVEL_TARGET = Gauge(
    "patchbay_engine_service_level_target",
    "Which share should be answered in time, by which formula?",
    ["queue", "formula"],
)
"""The formula in force; where two workspaces have a queue of one name, the higher target."""

ENGINE_SHARDS = Gauge(
    "patchbay_engine_shards",
    "How many shards does this process hold, and may it decide on them?",
    ["state"],
)
"""`state`: owned, recovering, broken (its record is incomplete)."""

ENGINE_INFO = Gauge(
    "patchbay_engine_info",
    "Does the engine run as machine code?",
    ["engine"],
)
"""1 under what it is. `engine`: compiled, interpreted."""

ENGINE_LOST = Counter(
    "patchbay_engine_ownership_lost_total",
    "Why was the state of a shard dropped and built anew?",
    ["reason"],
)
"""`reason` is an error's code, or `bug`."""

ENGINE_RECOVERY_SECONDS = Histogram(
    "patchbay_engine_recovery_seconds",
    "How long does it take from being given a shard until it is owned?",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)

ENGINE_SNAPSHOTS = Counter(
    "patchbay_engine_snapshots_total",
    "How many snapshots were written?",
    ["result"],
)
"""`result`: written, failed."""

ENGINE_RULES_REFUSED = Counter(
    "patchbay_engine_rules_refused_total",
    "How often was a workspace's configuration too large for one record?",
)

RULES_ARRIVALS = Counter(
    "patchbay_rules_arrivals_total",
    "How many conversations did the rules in force put into a queue, and how many those on trial?",
    ["version"],
)
"""`version`: in_force, trial."""

RULES_WAIT_SECONDS = Histogram(
    "patchbay_rules_wait_seconds",
    "How long do customers wait under the rules in force, and how long under those on trial?",
    ["version", "outcome"],
    buckets=_WAITS,
)
"""Since it arrived. `version` as above; `outcome` as in `patchbay_wait_seconds`."""

ENGINE_UNMEETABLE = Gauge(
    "patchbay_engine_unmeetable",
    "How many conversations wait for what no configured agent could ever do?",
)
"""Whoever is signed in: `GET /v1/rules` says which route asks for it."""

RULES_COMPARED = Counter(
    "patchbay_shadow_conversations_total",
    "Would other rules have treated a conversation in another way?",
    ["result"],
)
"""`result`: same, different. Of a process of `patchbay rules shadow`."""

RULES_DIFFERENCES = Counter(
    "patchbay_shadow_differences_total",
    "What would have been different?",
    ["what"],
)
"""`what`: route, queue, class, step, agent, wait (by a second or more)."""

ENGINE_RULES_IGNORED = Counter(
    "patchbay_engine_rules_ignored_total",
    "How often did a process start with a file whose rules others had replaced since?",
)
"""`patchbay rules list` says by what; `patchbay rules apply` applies the file all the same."""
