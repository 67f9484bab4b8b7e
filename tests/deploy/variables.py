"""The environment variables that services read, taken from their settings classes."""

import importlib
import os
from collections.abc import Iterator, Mapping
from unittest import mock

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from shared.settings import KafkaAccess, ServiceSettings

SERVICES = ("ingest", "router", "notifier")


def settings_of(service: str) -> list[type[BaseSettings]]:
    """Every settings class of a service, and what all services read besides."""
    module = importlib.import_module(f"services.{service}.settings")
    own = [
        member
        for member in vars(module).values()
        if isinstance(member, type)
        and issubclass(member, ServiceSettings)
        and member is not ServiceSettings
    ]
    return [*own, KafkaAccess]


def fields(settings: type[BaseSettings]) -> Iterator[tuple[str, FieldInfo]]:
    """The variables of a settings class, and what they may hold."""
    prefix = settings.model_config.get("env_prefix", "")
    for field, info in settings.model_fields.items():
        yield str(info.validation_alias or f"{prefix}{field}".upper()), info


def known_to(service: str) -> set[str]:
    """Every variable a service reads."""
    return {variable for settings in settings_of(service) for variable, _ in fields(settings)}


def refused(service: str, given: Mapping[str, str]) -> Iterator[str]:
    """What a service says to these variables, if it would not start with them."""
    for settings in settings_of(service):
        with mock.patch.dict(os.environ, given, clear=True):
            try:
                settings()
            except ValidationError as error:
                yield from (f"{e['loc'][0]}: {e['msg']}" for e in error.errors())
