"""From the view's documents to what the API answers. Pure."""

from datetime import datetime

from services.router.api import answered as out
from services.router.api.problems import Refusal
from services.router.api.replying import Situation
from shared.clock import from_milliseconds
from shared.views import documents as view
from shared.views.waits import Rest, Standing


def moment(value: int | None) -> datetime | None:
    """A time of the view, for an answer."""
    return None if value is None else from_milliseconds(value)


def turn_moment(due: int | None) -> datetime | None:
    """When its turn comes: with `newest` first that is counted backwards from its arrival."""
    return None if due is None else from_milliseconds(abs(due))


def summary(found: view.Conversation) -> out.Summary:
    return out.Summary(
        id=found.id,
        state=found.state,
        channel=found.channel,
        account=found.account,
        customer=out.Customer(name=found.customer, address=found.address),
        attributes=found.attributes,
        queue=found.queue,
        priority=found.priority,
        agent=found.agent,
        kept_for=found.kept_for,
        kept_until=moment(found.kept_until),
        snoozed_until=moment(found.snoozed_until),
        callback_at=moment(found.callback_at),
        consult_of=found.consult_of,
        opened_at=from_milliseconds(found.opened_at),
        waiting_since=moment(found.waiting_since),
        wrap_up_until=moment(found.wrap_up_until),
    )


def conversation(
    situation: Situation,
    refusal: Refusal | None,
    alert: out.AlertShown | None,
    standing: Standing | None,
    wrap_up: out.WrapUpShown | None,
    caller: str,
) -> out.Conversation:
    """The whole document; `refusal` is why the caller may not write."""
    found = situation.conversation
    offer = found.open_offer(caller)
    return out.Conversation(
        **summary(found).model_dump(exclude={"customer"}),
        customer=out.Customer(name=found.customer, address=found.address),
        wait=None if standing is None else wait(standing),
        merged=[
            out.MergedShown(conversation=one.conversation, channel=one.channel, account=one.account)
            for one in found.joined
        ],
        merged_into=found.merged_into,
        missed_calls=found.missed_calls,
        consult=found.consult,
        reopened=found.reopened,
        messages=found.messages,
        assigned_at=moment(found.assigned_at),
        responded_at=moment(found.responded_at),
        closed_at=moment(found.closed_at),
        closed_by=found.closed_by,
        closed_code=found.closed_code,
        offer=offer.id if offer is not None else None,
        wrap_up=wrap_up,
        reply=reply_rules(situation, refusal),
        alert=alert,
    )


def wait(standing: Standing) -> out.Wait:
    return out.Wait(
        position=standing.position,
        expected=None if standing.rest is None else expected(standing.rest),
    )


def expected(rest: Rest) -> out.ExpectedWait:
    return out.ExpectedWait(
        p50_seconds=rest.p50,
        p90_seconds=rest.p90,
        model=rest.model,
        as_of=from_milliseconds(rest.as_of),
    )


def reply_rules(situation: Situation, refusal: Refusal | None) -> out.ReplyRules:
    windows = situation.windows()
    return out.ReplyRules(
        allowed=refusal is None,
        reason=refusal.detail if refusal is not None else None,
        free_text=windows.open(situation.now),
        free_text_until=windows.until,
        human_agent_until=windows.human_until,
        templates=[
            out.TemplateInfo(name=name, languages=sorted(template.languages))
            for name, template in sorted(situation.sendable().items())
        ],
        text_limit=situation.limits.text,
        attachments=sorted(situation.limits.attachments),
        spoken=situation.conversation.channel == "phone",
    )


def alert(sent: view.Sent | None) -> out.AlertShown | None:
    if sent is None or sent.message.alert is None:
        return None
    message, told = sent.message, sent.message.alert
    assert told is not None
    return out.AlertShown(
        message=message.id,
        rule=told.rule,
        order=told.order,
        text=message.text,
        at=message.written_at,
    )
