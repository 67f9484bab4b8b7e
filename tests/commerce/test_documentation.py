"""The example in `docs/commerce.md` is run as it stands there."""

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from shared.channels import HttpRequest
from shared.commerce import Fact
from shared.commerce.registry import SOURCES
from shared.commerce.shopify import FULFILLMENT_STATES, SHIPMENT_STATES
from tests.commerce.cases import NEWEST, source_of
from tests.requirements import require_tool

PAGE = (Path(__file__).parents[2] / "docs" / "commerce.md").read_text()


def test_the_example_is_taken() -> None:
    tools = [require_tool(name, package=name) for name in ("bash", "curl", "openssl")]
    (script,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    with _listener() as (address, received):
        path = ":".join(sorted({str(tool.parent) for tool in tools} | {"/usr/bin", "/bin"}))
        environment = {"PATCHBAY": address, "ERP_SECRET": NEWEST, "PATH": path}
        subprocess.run([tools[0], "-eu", "-c", script], env=environment, check=True, timeout=30)
    (request,) = received
    adapter, source = SOURCES["signed"], source_of("signed")
    assert request.url == "/webhooks/commerce/erp"
    assert adapter.verify(request, source, datetime.now(UTC)) == 0
    (fact,) = adapter.parse(request, source, datetime.now(UTC))
    assert isinstance(fact, Fact)
    assert fact.key == "order/1001"


def test_every_state_is_on_the_page() -> None:
    states = set(SHIPMENT_STATES.values()) | set(FULFILLMENT_STATES.values())
    assert {state for state in states if f"| `{state}` |" not in PAGE} == set()


@contextmanager
def _listener() -> Iterator[tuple[str, list[HttpRequest]]]:
    received: list[HttpRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received.append(HttpRequest("POST", self.path, headers, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing: the test says what was wrong."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
