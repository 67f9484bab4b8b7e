"""Find the way for an alert: the first channel that is allowed, when, and in which words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notifier.alerts.facts import Story
from services.notifier.alerts.ladder import Place, Refusal, Rung, judge_place, places
from services.notifier.alerts.planning import Draft, plan, values_of
from services.notifier.alerts.quiet import next_allowed, zones_of
from services.notifier.alerts.rules import Fact
from services.notifier.alerts.texts import Unwritable, Words, choose, write
from services.notifier.gate import Knows
from services.notifier.policy import Known
from shared.channels import Limits
from shared.channels.registry import CHANNELS
from shared.config.models import AlertRule, Config, Workspace
from shared.errors import CacheUnavailable
from shared.events.alerts import AlertPlanned


class Planner:
    """Plans alerts with what the configuration allows and what is known of customers."""

    def __init__(self, config: Config, contacts: Knows) -> None:
        self._config = config
        self._contacts = contacts

    async def plan(
        self,
        key: str,
        story: Story,
        fact: Fact,
        rule: AlertRule,
        step: int,
        tried: Sequence[str],
        now: datetime,
    ) -> AlertPlanned | str:
        """The plan, or why there is none: every channel with its reason.

        Raises CacheUnavailable while nothing is known of the customer: then nobody may be told.
        """
        workspace = self._config.workspaces[story.workspace]
        zones = zones_of(fact.contact, workspace.time_zone)
        due = next_allowed(now, zones, rule.quiet_hours, workspace.time_zone)
        try:
            found = [
                await self._judged(place, story, fact, rule, due)
                for place in places(rule, fact.contact, _accounts(workspace))
                if isinstance(place, tuple) or place.account not in tried
            ]
        except Unwritable as error:
            return f"template {rule.template}: {error}"
        ways = [way for way in found if isinstance(way, _Way)]
        if not ways:
            refused = [way for way in found if isinstance(way, str)]
            return ", ".join(refused) or "every channel has been tried"
        first, rest = ways[0], tuple(way.rung.place.account for way in ways[1:])
        draft = Draft(key, fact, rule, first.rung, rest, step, first.words, due)
        return plan(self._config, story, draft, now)

    async def _judged(
        self,
        place: Place | tuple[str, Refusal],
        story: Story,
        fact: Fact,
        rule: AlertRule,
        due: datetime,
    ) -> "_Way | str":
        """A way with its words, or the account with the reason."""
        if isinstance(place, tuple):
            return f"{place[0]}: {place[1]}"
        known = await self._known(story.workspace, place)
        workspace = self._config.workspaces[story.workspace]
        words = self._words(workspace, story, fact, rule, known)
        rung = judge_place(place, rule, fact.contact, known, due, frozenset(words.approved))
        return _Way(rung, words) if isinstance(rung, Rung) else f"{place.account}: {rung}"

    async def _known(self, workspace: str, place: Place) -> Known:
        known = await self._contacts.known(workspace, place.channel, place.account, place.address)
        if known is None:
            raise CacheUnavailable("the index of contacts is not complete")
        return known

    def _words(
        self, workspace: Workspace, story: Story, fact: Fact, rule: AlertRule, known: Known
    ) -> Words:
        template = workspace.templates[rule.template]
        wanted = (fact.contact.language, known.language, *workspace.languages)
        language = choose(template, wanted)
        return write(template, language, values_of(story, fact, workspace.title))


@dataclass(frozen=True, slots=True)
class _Way:
    rung: Rung
    words: Words


def _accounts(workspace: Workspace) -> dict[str, tuple[str, Limits]]:
    return {
        name: (account.channel, CHANNELS[account.channel].limits)
        for name, account in workspace.channels.items()
    }
