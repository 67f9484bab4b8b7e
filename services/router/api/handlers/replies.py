"""Write to the customer: judged by what the view shows, true once it is in `outbound`."""

from services.router.api import answered as out
from services.router.api.asked import AttachmentIn, Reply
from services.router.api.commands import SOURCE
from services.router.api.handlers.conversations import situation
from services.router.api.operations import Call, Said
from services.router.api.problems import Problem
from services.router.api.replying import Situation, judge
from services.router.api.templates import choose, fill
from services.router.api.tracing import TRACE
from shared.errors import LogUnavailable, RecordTooLarge
from shared.events.envelope import Envelope, encode
from shared.events.inbound import Attachment
from shared.events.outbound import CallControl, MailThread, OutboundMessage, Template
from shared.ids import derived_id
from shared.log import Entry
from shared.topics import OUTBOUND


async def reply(call: Call) -> Said:
    """Refused with the reason, or on its way."""
    body: Reply = call.body
    found = await situation(call)
    refusal = judge(found, call.caller.agent, body)
    if refusal is not None:
        raise refusal.problem()
    message = compose(call, found, body)
    await _append(call, message)
    return Said(out.MessageAccepted(message=message.id, conversation=found.conversation.id), 202)


def compose(call: Call, found: Situation, body: Reply) -> OutboundMessage:
    """The message, with an id that a repetition of this request has, too."""
    assert call.key is not None
    conversation, contact, caller = found.conversation, found.contact, call.caller
    language = _language(call, found)
    text, template = body.text, None
    if body.template is not None:
        language, text, template = _from_template(found, body, language)
    live = found.live_call() if conversation.channel == "phone" else None
    return OutboundMessage(
        id=derived_id("msg", caller.workspace, caller.agent, call.key),
        workspace=caller.workspace,
        channel=conversation.channel,
        account=conversation.account,
        conversation_key=conversation.key,
        conversation_id=conversation.id,
        kind="call" if live is not None else "reply",
        to=contact.address if contact is not None else conversation.address,
        author=caller.agent,
        human=True,
        language=language,
        text=text,
        attachments=tuple(_attachment(one) for one in body.attachments),
        template=template,
        mail=_thread(found),
        call=CallControl(action="say", call_id=live) if live is not None else None,
        window_expires_at=found.windows().until,
        written_at=found.now,
    )


def _from_template(
    found: Situation, body: Reply, customer: str
) -> tuple[str, str, Template | None]:
    assert body.template is not None
    chosen = choose(
        found.templates[body.template.name],
        body.template.language,
        customer,
        found.conversation.channel,
        approved=found.limits.templates,
    )
    if not isinstance(chosen, tuple):
        raise chosen.problem()
    language, text = chosen
    filled = fill(text, language, found.conversation.channel, body.template.values)
    if not isinstance(filled, tuple):
        raise filled.problem()
    return language, *filled


def _language(call: Call, found: Situation) -> str:
    """The customer's, as far as his channel told it; else the workspace's first."""
    spoken = found.contact.language if found.contact is not None else None
    known = found.conversation.attributes.get("language")
    return spoken or known or call.parts.workspace(call.caller.workspace).languages[0]


def _attachment(given: AttachmentIn) -> Attachment:
    return Attachment(
        kind=given.kind,
        fetch="signed_url",
        provider_ref=given.url,
        name=given.name,
        mime=given.mime,
    )


def _thread(found: Situation) -> MailThread | None:
    """What keeps an answer in the customer's mail thread (RFC 5322, 3.6.4)."""
    mail = found.contact.mail if found.contact is not None else None
    if mail is None:
        return None
    return MailThread(
        subject=mail.subject, in_reply_to=mail.message_id, references=tuple(mail.references)
    )


async def _append(call: Call, message: OutboundMessage) -> None:
    parts = call.parts
    partition = OUTBOUND.partition(message.workspace, message.conversation_key, parts.shards)
    envelope = Envelope(
        message.id,
        SOURCE,
        parts.clock.now(),
        message,
        subject=message.conversation_key,
        traceparent=TRACE.get(),
    )
    entry = Entry(message.conversation_key.encode(), encode(envelope))
    try:
        offset = await parts.sink.append(partition, entry)
    except RecordTooLarge:
        raise Problem("too_large", "The message is too large to be kept.") from None
    except LogUnavailable:
        raise Problem(
            "outcome_unknown", "The log did not confirm the message.", retry_after=1
        ) from None
    at = (message.workspace, partition)
    parts.written[at] = max(offset + 1, parts.written.get(at, 0))
