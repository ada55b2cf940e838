"""`python -m tests.sandbox.pod_connections`: open real connections from the network namespaces of pods.

Standard input is JSON: the process of a container by the name of its pod, and addresses with ports. Standard output is
JSON: by pod, how each connection ended, in the order of the addresses: `open` (also where nobody listens) or `closed`.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence

from sandbox.nodes import linux

SECONDS = 3
_AT_ONCE = 800
OPEN, CLOSED = "open", "closed"


async def tried(targets: Sequence[tuple[str, int]]) -> list[str]:
    """Return how a connection to each target ends, from where this process is now."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(address: str, port: int) -> str:
        async with turns:
            try:
                _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), SECONDS)
            except TimeoutError:
                return CLOSED
            except ConnectionRefusedError:
                return OPEN
            except OSError as error:
                return str(error)
            writer.close()
            return OPEN

    return await asyncio.gather(*(one(*target) for target in targets))


def main() -> None:
    """Go from pod to pod."""
    asked = json.load(sys.stdin)
    found = {}
    for name, pid in asked["sources"].items():
        descriptor = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        linux.setns(descriptor, linux.NEW_NETWORK)
        os.close(descriptor)
        found[name] = asyncio.run(tried([(address, port) for address, port in asked["targets"]]))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
