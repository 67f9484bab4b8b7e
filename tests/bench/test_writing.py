from pathlib import Path

from tests.bench.figures import Report
from tests.bench.writing import PAGE, markdown, write_page

REPORT = Report(
    "the way of a message",
    [{"what": "ingest", "per_s": 1234.5, "of_bare": 0.15}, {"what": "bare", "per_s": float("nan")}],
    ("a note",),
)


def test_a_report_becomes_a_table() -> None:
    assert markdown([([REPORT], 0.04)], {"cpus": 2}) == (
        "Machine: cpus 2.\n\n"
        "### The way of a message\n\n"
        "| what | per_s | of_bare |\n"
        "| --- | --- | --- |\n"
        "| ingest | 1,234 | 0.15 |\n"
        "| bare | - |  |\n\n"
        "- a note\n"
        "- other programs used 4% of the machine meanwhile\n"
    )


def test_new_figures_replace_the_old_ones_on_the_real_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text())
    write_page(page, "of yesterday\n")
    write_page(page, "of today\n")
    text = page.read_text()
    assert text.startswith(PAGE.read_text().partition("<!--")[0])
    assert text.endswith("\n\nof today\n")
    assert "of yesterday" not in text
