"""A password is known again by its hash and by nothing else."""

import pytest

from shared.passwords import Cost, hashed, is_hash, matches

CHEAP = Cost(log_n=4, r=1, p=1)


def test_the_right_password_matches() -> None:
    assert matches("correct horse", hashed("correct horse", CHEAP))


@pytest.mark.parametrize("wrong", ["", "correct hors", "correct horse ", "Correct horse"])
def test_any_other_password_does_not(wrong: str) -> None:
    assert not matches(wrong, hashed("correct horse", CHEAP))


def test_two_hashes_of_one_password_differ() -> None:
    assert hashed("same", CHEAP) != hashed("same", CHEAP)


def test_a_hash_carries_its_own_cost() -> None:
    assert matches("old", hashed("old", Cost(log_n=5, r=2, p=1)))


def test_the_default_cost_is_not_cheap() -> None:
    assert hashed("x").startswith("scrypt$14$8$5$")


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "plain",
        "bcrypt$14$8$5$c2FsdA==$aGFzaA==",
        "scrypt$4$1$1$!$!",
        "scrypt$30$8$1$c2FsdA==$aGFzaA==",
        "scrypt$-1$8$1$c2FsdA==$aGFzaA==",
        "scrypt$4$1$0$c2FsdA==$aGFzaA==",
    ],
)
def test_what_is_no_hash_of_ours_is_an_error(stored: str) -> None:
    assert not is_hash(stored)
    with pytest.raises(ValueError, match=r"."):
        matches("x", stored)


def test_what_we_print_is_a_hash_of_ours() -> None:
    assert is_hash(hashed("same"))
