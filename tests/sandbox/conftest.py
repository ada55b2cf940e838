"""One world for all tests of a session: real services, in a directory of its own, gone at the end."""

from collections.abc import Iterator

import pytest
from rich.console import Console

from sandbox.toolchain import Toolchain
from sandbox.world import Connections, World


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    """The tools that `up` needs, from the user's cache; built first if they are not there."""
    tools = Toolchain(console=Console(stderr=True))
    tools.ensure()
    return tools


@pytest.fixture(scope="session")
def world(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connections]:
    """How to reach the session's world. Tests share it: each cleans up, and none stops a service of it."""
    here = World(tmp_path_factory.mktemp("world"), toolchain)
    try:
        yield here.start()
    finally:
        here.destroy()
