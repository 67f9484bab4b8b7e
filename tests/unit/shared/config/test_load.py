"""Every problem of a configuration is named with its line, its path and what to do."""

import random
from pathlib import Path

import pytest

from shared.config.load import describe, inspect, load
from shared.errors import ConfigurationInvalid

CASES = Path(__file__).parent / "cases"
ENVIRONMENT = {
    "TOKEN_SECRET": "t" * 32,
    "IDENTITY_KEY": "i" * 32,
    "ANA": "scrypt$2$8$1$c2FsdA==$aGFzaA==",
    "APPLE": "c2VjcmV0IHNlY3JldCBzZWNyZXQ=",
    "PROVIDER": "provider",
    "EMPTY": "",
}


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_problems_are_named(path: Path) -> None:
    expected = path.with_suffix(".txt").read_text().splitlines()

    _, problems = inspect(path, ENVIRONMENT)

    assert [describe(Path(path.name), problem) for problem in problems] == expected


def test_a_right_file_loads(tmp_path: Path) -> None:
    config = load(CASES / "right.yaml", ENVIRONMENT)

    assert config.workspaces["acme"].rules.queues["support"].service_level.percent == 80
    assert config.identity_key("acme") == b"i" * 32


def test_a_secret_file_is_read_relative_to_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    text = (CASES / "right.yaml").read_text().replace("{env: IDENTITY_KEY}", "{file: key}")
    file = tmp_path / "patchbay.yaml"
    file.write_text(text)

    assert load(file, ENVIRONMENT).identity_key("acme") == b"from-a-file"


def test_loading_a_wrong_file_lists_everything() -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        load(CASES / "typo.yaml", ENVIRONMENT)

    assert "did you mean 'title'?" in str(caught.value)


def test_rules_that_fit_into_no_record_are_refused(tmp_path: Path) -> None:
    titles = random.Random(1)
    agents = "".join(
        f"        agent-{n}: {{queues: [support], title: {titles.randbytes(200).hex()}a}}\n"
        for n in range(4_000)
    )
    text = (CASES / "right.yaml").read_text()
    file = tmp_path / "patchbay.yaml"
    file.write_text(text.replace("      agents:\n", f"      agents:\n{agents}"))

    with pytest.raises(ConfigurationInvalid, match=r"rules: these rules have [\d,]+ bytes"):
        load(file, ENVIRONMENT)


def test_a_missing_file_says_how_to_name_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="PATCHBAY_CONFIG"):
        load(tmp_path / "absent.yaml", ENVIRONMENT)
