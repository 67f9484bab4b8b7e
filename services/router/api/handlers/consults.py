"""Ask a colleague about a conversation, and be done with it."""

from services.router.api import answered as out
from services.router.api.asked import Question, QuestionEnds
from services.router.api.handlers.life import warnings
from services.router.api.handlers.me import correlation
from services.router.api.operations import Call, Said
from services.router.api.problems import Problem
from shared.events.commands import Consult, EndConsult
from shared.events.routing import Consulted


async def ask(call: Call) -> Said:
    """A colleague gets an offer; the customer stays with who holds him."""
    body: Question = call.body
    caller, name = call.caller, call.path["conversation"]
    decision = await call.parts.commands.ask(
        Consult(
            workspace=caller.workspace,
            actor=caller.agent,
            conversation=name,
            queue=body.queue,
            to_agent=body.agent,
            skills=body.skills,
            note=body.note,
        ),
        correlation(call),
    )
    asked = [event.consult for event in decision.events if isinstance(event, Consulted)]
    if not asked:
        raise Problem("conflict", "This was decided before, and is over.")
    said = out.Consulting(conversation=name, consult=asked[0], warnings=warnings(decision))
    return Said(said, 201)


async def end(call: Call) -> Said:
    """The customer stays, or goes to who was asked."""
    body: QuestionEnds = call.body
    caller, name = call.caller, call.path["conversation"]
    command = EndConsult(
        workspace=caller.workspace,
        actor=caller.agent,
        conversation=name,
        hand_over=body.hand_over,
    )
    await call.parts.commands.ask(command, correlation(call))
    return Said(out.Changed(conversation=name))
