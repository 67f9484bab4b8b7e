"""What the numbers mean by which agents are compared."""

import pytest

from services.router.engine.scores import named


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
        ("kept", (), ()),
    ],
)
def test_every_part_has_a_name(
    chosen: str, score: tuple[int, ...], said: tuple[tuple[str, int], ...]
) -> None:
    assert named(chosen, score) == said
