"""What the events of calls that we owe do to the state."""

from services.router.engine.index import dequeue, load, rest, unload
from services.router.engine.lines import departed
from services.router.engine.shunning import forgive
from services.router.engine.state import State, Workspace
from services.router.engine.timers import arm
from shared.events import routing


def callback_asked(state: State, workspace: Workspace, event: routing.CallbackAsked) -> None:
    """We owe a call; if only from some time on, it does not wait before."""
    conversation = workspace.conversations[event.conversation]
    conversation.missed_calls = 0
    if event.until is not None:
        conversation.callback_at = event.until
        arm(state, event.until, "callback", workspace.name, event.conversation)


def callback_missed(state: State, workspace: Workspace, event: routing.CallbackMissed) -> None:
    """He did not answer. Until he is called again it does not wait."""
    conversation = workspace.conversations[event.conversation]
    conversation.missed_calls = event.attempt
    if event.retry_at is not None:
        conversation.callback_at = event.retry_at
        arm(state, event.retry_at, "callback", workspace.name, event.conversation)


def dialled(state: State, workspace: Workspace, event: routing.Dialled) -> None:
    """His phone rings, and the agent is kept free for him."""
    conversation = workspace.conversations[event.conversation]
    agent = workspace.agents[event.agent]
    in_line = conversation.status == "waiting" and conversation.kept_for is None
    dequeue(workspace, conversation)
    if in_line:
        departed(conversation, event.at)
    conversation.called = True
    forgive(workspace, conversation)
    conversation.status = "dialling"
    conversation.dial, conversation.callback_at = event.dial, event.until
    conversation.agent = agent
    load(agent, conversation)
    rest(workspace, agent, event.at)
    arm(state, event.until, "dial", workspace.name, event.conversation)


def dial_ended(_state: State, workspace: Workspace, event: routing.DialEnded) -> None:
    """He answered, or did not; the agent has room again."""
    conversation = workspace.conversations[event.conversation]
    agent = workspace.agents[event.agent]
    rest(workspace, agent, event.at)
    unload(workspace, agent, conversation)
    conversation.agent = None
    conversation.status = "open"
    conversation.dial, conversation.callback_at = None, 0
