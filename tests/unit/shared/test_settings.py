"""Variables with a typo in their name are named, those of other roles are left to them."""

import pytest

from patchbay.serve import KNOWN
from services.router.settings import ApiSettings, EngineSettings
from shared.settings import ROLES, ServiceSettings, strange_variables


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PATCHBAY_LGO", "PATCHBAY_LOG"),
        ("PATCHBAY_REDISURL", "PATCHBAY_REDIS_URL"),
        ("PATCHBAY_ENGINE_BACH", "PATCHBAY_ENGINE_BATCH"),
        ("PATCHBAY_KAFKA_USER_NAME", "PATCHBAY_KAFKA_USERNAME"),
        ("PATCHBAY_QUITE_ELSE_WHAT_NOBODY_HAS", ""),
    ],
)
def test_a_typo_is_named_with_what_was_meant(name: str, meant: str) -> None:
    assert strange_variables({name: "x"}, [EngineSettings]) == [(name, meant)]


def test_what_is_known_or_not_ours_is_not_named() -> None:
    environ = {
        "PATCHBAY_LOG": "memory:",
        "PATCHBAY_ENGINE_BATCH": "1",
        "PATCHBAY_KAFKA_TLS": "true",
        "PATCHBAY_CONFIG_FOLDER": "/etc",
        "PATH": "/bin",
    }

    assert strange_variables(environ, [EngineSettings]) == []


def test_another_roles_variables_are_left_to_it() -> None:
    environ = {"PATCHBAY_API_PRT": "1"}

    assert strange_variables(environ, [EngineSettings]) == []
    assert strange_variables(environ, [ApiSettings]) == [("PATCHBAY_API_PRT", "PATCHBAY_API_PORT")]


def test_every_role_has_its_prefix_in_the_table() -> None:
    """A setting of a new role would be called unknown by all others."""
    common = {str(info.validation_alias) for info in ServiceSettings.model_fields.values()}
    own = {
        f"{settings.model_config.get('env_prefix')}{field}".upper()
        if info.validation_alias is None
        else str(info.validation_alias)
        for settings in KNOWN
        for field, info in settings.model_fields.items()
        if field not in ServiceSettings.model_fields
    }

    assert [name for name in own - common if not name.startswith(ROLES)] == []
