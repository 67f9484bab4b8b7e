"""Bugs to plant, and the test that catches each."""

from dataclasses import dataclass

_ENGINE = "services/router/engine"
_UNIT = "tests/unit/services/router/engine"


@dataclass(frozen=True, slots=True)
class Bug:
    """`right` stands once in the file; with `wrong` instead of it the test fails."""

    name: str
    file: str
    right: str
    wrong: str
    test: str


def _scenario(name: str, how: str = "crashing") -> str:
    return f"{_UNIT}/test_scenarios.py::test_scenario[{name}-{how}]"


BUGS = (
    Bug(
        "capacity is not taken at the offer",
        f"{_ENGINE}/capacity.py",
        "agent.load[channel] = agent.load.get(channel, 0) + 1",
        "agent.load[channel] = agent.load.get(channel, 0) + 0",
        _scenario("capacity_is_taken_at_the_offer"),
    ),
    Bug(
        "capacity is not given back",
        f"{_ENGINE}/capacity.py",
        "left = agent.load[channel] - 1",
        "left = agent.load[channel]",
        "tests/prove/test_queues.py::test_the_engine_is_the_plain_line[erlang_c]",
    ),
    Bug(
        "an accept after the end of the offer still counts",
        f"{_ENGINE}/offers.py",
        "    if offer is None:\n        turn.refuse(_GONE)\n        return None\n    if offer",
        "    if offer is None:\n        turn.unchanged()\n        return None\n    if offer",
        _scenario("an_accept_that_comes_too_late_is_gone"),
    ),
    Bug(
        "anybody may accept anybody's offer",
        f"{_ENGINE}/offers.py",
        "    if offer.agent.name != actor:\n        turn.refuse(_NOT_YOURS)",
        "    if False:\n        turn.refuse(_NOT_YOURS)",
        _scenario("only_the_agent_who_was_asked_may_accept"),
    ),
    Bug(
        "an offer's timer is lost",
        f"{_ENGINE}/evolve_agents.py",
        "    if event.expires_at > event.at:\n        arm(",
        "    if event.expires_at < event.at:\n        arm(",
        _scenario("a_missed_offer_goes_to_the_next_agent", "going on"),
    ),
    Bug(
        "an offer's timer is lost in a recovery",
        f"{_ENGINE}/restore.py",
        'arm(state, expires_at, "expire", workspace.name, identity)',
        "pass",
        _scenario("a_missed_offer_goes_to_the_next_agent"),
    ),
    Bug(
        "what has ended is never forgotten",
        f"{_ENGINE}/evolve_conversations.py",
        'arm(state, at, "forget", workspace.name, conversation.id)',
        "pass",
        "tests/unit/patchbay/simulate/test_run.py::test_what_has_ended_is_forgotten",
    ),
    Bug(
        "what is declined is queued twice",
        f"{_ENGINE}/offers.py",
        "        _wait_again(turn, conversation)\n        place_one(",
        "        _wait_again(turn, conversation)\n        _wait_again(turn, conversation)\n"
        "        place_one(",
        _scenario("a_declined_conversation_goes_to_the_next_agent"),
    ),
    Bug(
        "the order forgets the age",
        f"{_ENGINE}/ordering.py",
        "return -rank, arrived + target_ms",
        "return -rank, target_ms",
        _scenario("an_urgent_class_overtakes_but_does_not_starve"),
    ),
    Bug(
        "whoever was offered before counts as younger",
        f"{_ENGINE}/places.py",
        "turn_of(order, conversation.arrived, place",
        "turn_of(order, conversation.arrived + 1000 * conversation.tries, place",
        _scenario("a_transfer_keeps_the_age"),
    ),
    Bug(
        "strict priorities are upside down",
        f"{_ENGINE}/ordering.py",
        "return -rank, arrived\n",
        "return rank, arrived\n",
        "tests/prove/test_queues.py::test_other_orders_have_the_means_they_must[priorities]",
    ),
    Bug(
        "levels do not matter",
        f"{_ENGINE}/skills.py",
        "return wanted.channel not in self.abilities.closed and satisfied(",
        "return wanted.channel not in self.abilities.closed or satisfied(",
        _scenario("a_level_too_low_does_not_do"),
    ),
    Bug(
        "whoever has room again is not offered what waits",
        f"{_ENGINE}/closing.py",
        "        del agents[0]\n    fill_all(turn, agents)",
        "        del agents[0]\n    fill_all(turn, agents[:0])",
        "tests/prove/test_queues.py::test_the_engine_is_the_plain_line[erlang_a]",
    ),
    Bug(
        "idle time is not counted anew",
        f"{_ENGINE}/ordering.py",
        "workspace.ranks += 1",
        "workspace.ranks += 0",
        _scenario("longest_idle_agent_first"),
    ),
    Bug(
        "a duplicate is taken for news",
        f"{_ENGINE}/threads.py",
        "    return at != -1\n",
        "    return at == -2\n",
        _scenario("a_repeated_event_changes_nothing"),
    ),
    Bug(
        "a command is decided twice",
        f"{_ENGINE}/decide.py",
        "if context.cause in workspace.known:",
        "if context.cause is None:",
        f"{_UNIT}/test_decide.py::test_a_cause_is_known_for_a_while",
    ),
    Bug(
        "several are asked, and the others never told",
        f"{_ENGINE}/offers.py",
        'end_offer(turn, other, "rescinded", TAKEN)',
        "pass",
        _scenario("several_agents_are_asked_and_the_first_accept_wins"),
    ),
)
