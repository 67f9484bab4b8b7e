"""Links between the pages lead somewhere."""

import re
from pathlib import Path

import pytest

from tests.docs.keys import slug

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {slug(heading) for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = _LINK.findall(page.read_text())
    targets = {(page.parent / target if target else page, anchor) for target, anchor in links}
    missing = {str(target) for target, _ in targets if not target.exists()}
    lost = {
        f"{target.name}#{anchor}"
        for target, anchor in targets
        if anchor and target.exists() and anchor not in _anchors(target)
    }

    assert (missing, lost) == (set(), set())


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.stem)
def test_the_readme_leads_to_every_page(page: Path) -> None:
    assert f"(docs/{page.name}" in (ROOT / "README.md").read_text()
