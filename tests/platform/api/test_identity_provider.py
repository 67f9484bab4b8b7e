"""Tokens of the shop's own identity provider."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from shared.config.models import Config, OpenIdConnect
from tests.router.desk import SHOP, office
from tests.router.owner import NOW
from tests.router.shop import shop

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def identity_provider(folder: Path, **changes: Any) -> Config:
    """The shop with an identity provider whose keys stand in a file."""
    keys = folder / "keys.json"
    rsa_key = {**RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True), "kid": "rsa"}
    ec_key = {**ECAlgorithm.to_jwk(EC_KEY.public_key(), as_dict=True), "kid": "ec"}
    keys.write_bytes(orjson.dumps({"keys": [rsa_key, ec_key]}))
    settings = OpenIdConnect(
        issuer="https://login.example",
        audience="patchbay",
        keys=str(keys),
        agent_claim="agent",
        **changes,
    )
    config = shop()
    return config.model_copy(update={"api": config.api.model_copy(update={"oidc": settings})})


@pytest_asyncio.fixture
async def aiohttp_keys() -> AsyncIterator[str]:
    """An address that answers with the issuer's keys."""
    rsa_key = {**RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True), "kid": "rsa"}

    async def keys(_request: web.Request) -> web.Response:
        return web.json_response({"keys": [rsa_key]})

    app = web.Application()
    app.router.add_get("/jwks", keys)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/jwks"
    await runner.cleanup()


def told(**changes: Any) -> dict[str, Any]:
    return {
        "iss": "https://login.example",
        "aud": "patchbay",
        "sub": "user-1",
        "agent": "ana",
        "patchbay_workspace": SHOP,
        "exp": int((NOW + timedelta(hours=1)).timestamp()),
        **changes,
    }


@pytest.mark.parametrize(
    ("given", "key", "kid", "status"),
    [
        (told(), RSA_KEY, "rsa", 200),
        (told(), EC_KEY, "ec", 200),
        (told(patchbay_role="service"), RSA_KEY, "rsa", 200),
        (told(), rsa.generate_private_key(public_exponent=65537, key_size=2048), "rsa", 401),
        (told(), RSA_KEY, "unknown", 401),
        (told(), RSA_KEY, "ec", 401),
        (told(exp=int((NOW - timedelta(minutes=1)).timestamp())), RSA_KEY, "rsa", 401),
        (told(nbf=int((NOW + timedelta(hours=1)).timestamp())), RSA_KEY, "rsa", 401),
        (told(aud="others"), RSA_KEY, "rsa", 401),
        (told(iss="https://evil.example"), RSA_KEY, "rsa", 401),
        (told(agent="nobody"), RSA_KEY, "rsa", 403),
        (told(patchbay_workspace="nowhere"), RSA_KEY, "rsa", 403),
    ],
    ids=[
        "rsa",
        "elliptic curve",
        "a service",
        "signed by others",
        "unknown key",
        "another key's id",
        "expired",
        "not yet",
        "for others",
        "by others",
        "no agent",
        "no workspace",
    ],
)
async def test_tokens_of_the_identity_provider(
    empty_redis: str, tmp_path: Path, given: dict[str, Any], key: Any, kid: str, status: int
) -> None:
    algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
    token = jwt.encode(given, key, algorithm, headers={"kid": kid})
    async with office(empty_redis, config=identity_provider(tmp_path)) as here:
        headers = {"Authorization": f"Bearer {token}"}
        got = await here.desk.call("GET", "/v1/queues", headers=headers)
        ours = await here.desk.call("GET", "/v1/queues", "ana")
    assert (got.status, ours.status) == (status, 200)


async def test_a_role_of_the_identity_provider_counts(empty_redis: str, tmp_path: Path) -> None:
    token = jwt.encode(told(patchbay_role="supervisor"), RSA_KEY, "RS256", headers={"kid": "rsa"})
    async with office(empty_redis, config=identity_provider(tmp_path)) as here:
        headers = {"Authorization": f"Bearer {token}"}
        got = await here.desk.call("GET", "/v1/agents", headers=headers)
    assert got.status == 200


async def test_keys_are_fetched_from_the_issuers_address(
    empty_redis: str, tmp_path: Path, aiohttp_keys: str
) -> None:
    config = identity_provider(tmp_path)
    assert config.api.oidc is not None
    oidc = config.api.oidc.model_copy(update={"keys": aiohttp_keys})
    config = config.model_copy(update={"api": config.api.model_copy(update={"oidc": oidc})})
    token = jwt.encode(told(), RSA_KEY, "RS256", headers={"kid": "rsa"})
    async with office(empty_redis, config=config) as here:
        headers = {"Authorization": f"Bearer {token}"}
        got = await here.desk.call("GET", "/v1/queues", headers=headers)
    assert got.status == 200


async def test_keys_that_cannot_be_read_are_no_fault_of_the_caller(
    empty_redis: str, tmp_path: Path
) -> None:
    config = identity_provider(tmp_path)
    (tmp_path / "keys.json").unlink()
    token = jwt.encode(told(), RSA_KEY, "RS256", headers={"kid": "rsa"})
    async with office(empty_redis, config=config) as here:
        headers = {"Authorization": f"Bearer {token}"}
        got = await here.desk.call("GET", "/v1/queues", headers=headers)
    assert (got.status, got.body["code"]) == (503, "unavailable")
