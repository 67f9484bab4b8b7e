"""How to join in: the running demo's addresses and secrets, in a file for a shell to read."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from patchbay.demo import configuration
from patchbay.demo.configuration import Secrets
from patchbay.demo.layout import Layout


def variables(plan: Layout, providers: str, secrets: Secrets) -> dict[str, str]:
    """Everything a customer, a shop or an agent of your own needs."""
    webhooks = {channel: f"{url}/webhooks/{channel}" for channel, url in plan.webhooks.items()}
    return {
        "DEMO_API": plan.api,
        "DEMO_METRICS": plan.metrics,
        "DEMO_WORKSPACE": configuration.WORKSPACE,
        "DEMO_AGENT": configuration.YOU,
        "DEMO_PASSWORD": secrets.password,
        "DEMO_WHATSAPP": f"{webhooks['whatsapp']}/{configuration.YOUR_ACCOUNT}",
        "DEMO_PHONE_NUMBER_ID": configuration.YOUR_NUMBER_ID,
        "DEMO_APP_SECRET": secrets.meta_app,
        "DEMO_VERIFY_TOKEN": secrets.meta_verify,
        "DEMO_SHOP": f"{webhooks['commerce']}/shop",
        "DEMO_SHOP_SECRET": secrets.shop,
        "DEMO_MAIL": f"127.0.0.1:{plan.smtp_port}",
        "DEMO_PROVIDERS": providers,
    }


@contextmanager
def written(file: Path, found: dict[str, str]) -> Iterator[None]:
    """The file, readable by its owner only, until left."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in found.items()))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
