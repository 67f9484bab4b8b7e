"""Versions of the rules, told in any order and more than once."""

import itertools

from shared.events.rules import RulesTrialEnded, RulesVersion
from shared.rules import Rules
from shared.versions import Kept, Versions, entry


def made(version: int, digest: str, how: str = "apply", **more: object) -> RulesVersion:
    """One version of a shop's rules."""
    said = {"workspace": "shop", "version": version, "epoch": 1, "how": how, "digest": digest}
    return RulesVersion.model_validate(
        {**said, "at": version, "by": "ada", "rules": Rules(), **more}
    )


def ended(version: int) -> RulesTrialEnded:
    return RulesTrialEnded(
        workspace="shop", version=version, epoch=1, how="stopped", at=9, by="ada"
    )


def told(*said: Kept) -> Versions:
    versions = Versions()
    for one in said:
        versions.take(one)
    return versions


def test_the_last_version_that_is_no_trial_is_in_force() -> None:
    said = [made(1, "a", "file"), made(2, "b"), made(3, "c", "trial", percent=10)]
    for order in itertools.permutations(said):
        versions = told(*order, *order)

        assert versions.in_force == said[1]
        assert versions.trial == said[2]
        assert [one.version for one in versions.history] == [3, 2, 1]


def test_a_trial_is_over_when_it_was_stopped_or_anything_came_after_it() -> None:
    begun = [made(1, "a"), made(2, "b", "trial", percent=10)]

    assert told(*begun, ended(2)).trial is None
    assert told(*begun, made(3, "c")).trial is None


def test_of_two_records_of_one_version_that_of_the_later_owner_counts() -> None:
    """The other one was written by an owner who had been replaced and did not know it."""
    void, valid = made(2, "void", epoch=4), made(2, "valid", epoch=5)

    assert told(void, valid).in_force == valid
    assert told(valid, void).in_force == valid
    assert entry(void).key != entry(valid).key


def test_a_rollback_goes_back_and_a_second_one_further() -> None:
    versions = told(made(1, "a"), made(2, "b"), made(3, "c"))
    first = versions.former()
    assert first is not None
    assert first.version == 2

    versions.take(made(4, "b", "rollback", former=2))
    second = versions.former()
    assert second is not None
    assert second.version == 1
    versions.take(made(5, "a", "rollback", former=1))
    assert versions.former() is None


def test_a_rollback_of_a_promoted_trial_goes_to_what_was_before_it() -> None:
    tried = [made(1, "a"), made(2, "b", "trial", percent=5), made(3, "b", "promote", former=2)]
    found = told(*tried).former()

    assert found is not None
    assert found.version == 1


def test_nothing_is_before_the_first_version() -> None:
    assert told().former() is None
    assert told(made(1, "a")).former() is None
