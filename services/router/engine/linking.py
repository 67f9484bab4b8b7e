"""Working out who fits what: once per pair of a skill class and a profile.

Called when the rules change and when a class first appears.
"""

from collections.abc import Iterator

from services.router.engine.capacity import is_free
from services.router.engine.picking import Bench, Kind
from services.router.engine.skills import Profile, SkillClass, Tier, score_of
from services.router.engine.state import Workspace
from shared.rules import Queue
from shared.rules.needs import fit


def kind_for(workspace: Workspace, queue: str, channel: str, units: int) -> Kind:
    """The one kind of work of this channel and weight, in the order in which this queue asks."""
    pick = (workspace.rules.queues.get(queue) or Queue()).pick
    found = workspace.kinds.get((channel, units, pick))
    if found is None:
        found = workspace.kinds[channel, units, pick] = Kind(channel, units, pick)
    return found


def connect(workspace: Workspace, wanted: SkillClass) -> None:
    """Find everybody who could take this class, and tell both sides."""
    tiers: dict[tuple[int, ...], Tier] = {}
    for profile, helping, donor in _able(workspace, wanted):
        score = score_of(profile, wanted, helping)
        tier = tiers.get(score)
        if tier is None:
            tier = tiers[score] = Tier(score, donor)
        tier.fits.add(profile.number)
        tier.benches.append(_bench(profile, wanted.kind))
        if donor is None:
            wanted.profiles.append(profile)
            profile.numbers.add(wanted.number)
        else:
            wanted.helpers.append(profile)
            profile.helps[wanted.number] = donor
        if wanted.demand.watch is not None:
            profile.watching.append(wanted)
        best = fit(wanted.requires, profile.levels) if workspace.rules.own_first else 0
        classes = profile.range(best)
        classes.classes.setdefault(wanted.kind, []).append(wanted)
        classes.numbers.add(wanted.number)
    wanted.tiers = [tiers[score] for score in sorted(tiers)]


def _able(workspace: Workspace, wanted: SkillClass) -> Iterator[tuple[Profile, int, str | None]]:
    """Those of its queue, then those who help out, by the first queue through which they may."""
    known: set[int] = set()
    for helping, queue in enumerate((wanted.queue, *wanted.demand.also)):
        for profile in workspace.serving.get(queue, ()):
            if profile.number not in known and profile.fits(wanted):
                known.add(profile.number)
                yield profile, helping, queue if helping else None


def _bench(profile: Profile, kind: Kind) -> Bench:
    bench = profile.benches.get(kind)
    if bench is None:
        bench = profile.benches[kind] = Bench(profile.number, kind)
        for agent in profile.members:
            if is_free(agent, kind.channel, kind.units):
                bench.add(agent)
        kind.front.joined(bench, bench.first())
    return bench
