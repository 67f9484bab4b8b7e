"""What docs/routing.md shows of the rules is what the rules are made of."""

import re

import pytest
import yaml

from shared.rules import Rules
from tests.docs.keys import FILE

PAGE = (FILE.parent / "routing.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) >= 2


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_taken(example: str) -> None:
    Rules.model_validate(yaml.safe_load(example)["rules"])
