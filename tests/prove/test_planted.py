"""Planted bugs are caught: a few here, all of them by `make prove`."""

import pytest

from tests.prove.bugs import BUGS, Bug
from tests.prove.planted import ROOT, copied, passes, planted, with_bug

pytestmark = pytest.mark.timeout(300)

_HERE = [bug for bug in BUGS if "capacity_is_taken" in bug.test or "declined" in bug.test]
_PAGE = (ROOT / "docs" / "proof.md").read_text()


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_every_bug_has_its_place_and_its_line_on_the_page(bug: Bug) -> None:
    text = (ROOT / bug.file).read_text()

    assert with_bug(text, bug) != text
    assert f"| {bug.name} | `{bug.test.removeprefix('tests/')}` |" in _PAGE


def test_a_place_that_has_changed_is_said() -> None:
    with pytest.raises(ValueError, match="has changed"):
        with_bug("something else", BUGS[0])


@pytest.mark.parametrize("bug", _HERE, ids=lambda bug: bug.name)
def test_its_test_catches_it(bug: Bug) -> None:
    with copied() as folder:
        assert passes(folder, bug.test)
        with planted(folder, bug):
            assert not passes(folder, bug.test)
