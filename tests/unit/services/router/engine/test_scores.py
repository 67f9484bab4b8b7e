"""What the numbers mean by which agents are compared."""

import pytest

from services.router.engine.scores import in_words, named


@pytest.mark.parametrize(
    ("chosen", "score", "said"),
    [
        ("longest_idle", (0, 0, 7, 0), (("helps_out", 0), ("idle_order", 7))),
        (
            "best_fit",
            (0, 1, 0, -8, 3, 0),
            (
                ("helps_out", 0),
                ("lacks_preference_1", 1),
                ("lacks_preference_2", 0),
                ("minus_fit", -8),
                ("idle_order", 3),
            ),
        ),
        (
            "least_loaded",
            (1, 0, 2, 9),
            (("helps_out", 1), ("units_taken", 2), ("idle_order", 9)),
        ),
        ("most_spare", (0, 0, -3, 9), (("helps_out", 0), ("minus_spare", -3), ("idle_order", 9))),
        ("round_robin", (0, 0, 4, 9), (("helps_out", 0), ("asked_order", 4), ("idle_order", 9))),
        (
            "batch",
            (0, 0, 4, 9),
            (("helps_out", 0), ("minus_fit", 0), ("order_1", 4), ("order_2", 9)),
        ),
        ("kept", (), ()),
    ],
)
def test_every_part_has_a_name(
    chosen: str, score: tuple[int, ...], said: tuple[tuple[str, int], ...]
) -> None:
    assert named(chosen, score) == said


@pytest.mark.parametrize(
    ("chosen", "score", "said"),
    [
        ("kept", (), "It waited for you alone."),
        ("batch", (0, 0, 4, 9), "matched to you"),
        ("longest_idle", (0, 0, 4, 0), "Of those who could take it now, you are idle longest."),
        ("least_loaded", (1, 0, 4, 0), "Your queue helps out"),
        ("best_fit", (0, 0, -3, 4, 0), "whom this is best given to"),
        ("", (), "your turn has come"),
    ],
)
def test_a_sentence_says_why(chosen: str, score: tuple[int, ...], said: str) -> None:
    assert said in in_words(chosen, score)
