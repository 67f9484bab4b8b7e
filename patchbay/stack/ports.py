"""Free loopback ports that stay free while a server is down for a moment."""

import random
import socket

# Below every system's ephemeral range: neither an outgoing connection nor another program's
# "bind port 0" takes such a port while a fault test has the server killed.
_FIRST, _LAST = 15_000, 32_000


def free_ports(count: int) -> tuple[int, ...]:
    """`count` different loopback ports that nobody listens on now."""
    chosen: list[int] = []
    for port in random.SystemRandom().sample(range(_FIRST, _LAST), k=_LAST - _FIRST):
        if _is_free(port):
            chosen.append(port)
        if len(chosen) == count:
            return tuple(chosen)
    raise OSError("no free loopback port")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
