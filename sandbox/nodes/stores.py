"""The object stores that the stacks' files name, as pods know them: one SeaweedFS passes for all of them."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import yaml

from sandbox.paths import STACKS, stack_file


@dataclass(frozen=True)
class Store:
    """One of them: a Service in somebody's namespace, or in that of the stack itself."""

    host: str
    port: int
    namespace: str
    is_own: bool


def stores() -> list[Store]:
    """Return what the stacks' files name; without those that are no plain Service of a cluster."""
    found = []
    for stack in STACKS:
        config = yaml.safe_load(stack_file(stack).read_text())["config"]
        url = urlsplit(config["telemetry:object_store"]["endpoint"])
        host, namespace = url.hostname or "", config["telemetry:namespace"]["name"]
        if url.scheme == "http" and host.endswith(".svc"):
            of = host.split(".")[1]
            found.append(Store(host, url.port or 80, of, of == namespace))
    return found
