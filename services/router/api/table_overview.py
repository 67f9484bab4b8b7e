"""Operations on a workspace: queues, agents, waits, figures, blocked senders, the stream."""

from services.router.api import answered as out
from services.router.api import answered_figures as figures_out
from services.router.api import answered_overview as overview_out
from services.router.api import asked
from services.router.api.caller import EVERYBODY, LEADS
from services.router.api.handlers import blocked, events, figures, overview
from services.router.api.operations import STREAM, Operation

_DECIDED = ("outcome_unknown", "key_reused", "in_flight")
_SHOWN = ("view_behind",)

OVERVIEW_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "listQueues",
        "GET",
        "/v1/queues",
        "How many wait, how long, and for whom",
        overview.queues,
        overview_out.Queues,
        "overview",
        roles=EVERYBODY,
    ),
    Operation(
        "listQueue",
        "GET",
        "/v1/queues/{queue}/conversations",
        "What waits in a queue, in its order",
        overview.queue_content,
        overview_out.QueueContent,
        "overview",
        query=asked.QueuePage,
        roles=LEADS | {"service"},
        problems=("not_found",),
    ),
    Operation(
        "listAgents",
        "GET",
        "/v1/agents",
        "Who does what",
        overview.agents,
        overview_out.Agents,
        "overview",
        roles=LEADS | {"service"},
    ),
    Operation(
        "getFigures",
        "GET",
        "/v1/figures",
        "Waits, service levels, work",
        figures.figures,
        figures_out.Figures,
        "overview",
        query=asked.FiguresOf,
        roles=LEADS | {"service"},
        problems=("invalid",),
        description="Counted in intervals of fifteen minutes, kept as long as conversations are. "
        "The service level by all six formulas; the one in force is named.",
    ),
    Operation(
        "getWaitTimes",
        "GET",
        "/v1/wait-times/{workspace}",
        "How long customers wait",
        overview.wait_times,
        overview_out.WaitTimes,
        "overview",
        problems=("not_found",),
        description="Open to everybody, for a shop's contact page.",
    ),
    Operation(
        "listBlocked",
        "GET",
        "/v1/blocked",
        "Whose messages open nothing",
        blocked.show,
        out.BlockedSenders,
        "blocked",
        query=asked.BlockedPage,
        roles=LEADS | {"service"},
        problems=_SHOWN,
    ),
    Operation(
        "blockSender",
        "POST",
        "/v1/blocked",
        "Block a sender",
        blocked.block,
        out.BlockedSubject,
        "blocked",
        roles=LEADS,
        body=asked.BlockWhom,
        key="optional",
        problems=("not_found", "forbidden", "conflict", "invalid", *_DECIDED, *_SHOWN),
        description="What he sends is kept and opens nothing; what nobody has taken yet is closed.",
    ),
    Operation(
        "unblockSender",
        "POST",
        "/v1/blocked/lift",
        "Let a sender write again",
        blocked.unblock,
        out.BlockedSubject,
        "blocked",
        roles=LEADS,
        body=asked.UnblockWhom,
        key="optional",
        problems=("forbidden", *_DECIDED),
    ),
    Operation(
        "streamEvents",
        "GET",
        "/v1/events",
        "What happens, as it happens",
        events.events,
        None,
        "events",
        query=asked.StreamFrom,
        problems=("unauthenticated", "too_many"),
        media=STREAM,
        description="Server-sent events. Resumes behind Last-Event-ID. While it is open, the agent "
        "keeps his presence.",
    ),
)
