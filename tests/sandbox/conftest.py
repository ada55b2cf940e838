"""One world for all tests of a session: real services, in a directory of its own, gone at the end."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from sandbox.engine import Engine, heed_interrupts
from sandbox.paths import REPO
from sandbox.plugins.install import install
from sandbox.stacks import prepare
from sandbox.toolchain import Toolchain
from sandbox.world import Connections, World
from tests.sandbox.deployment import Deployment
from tests.sandbox.edge import Edge
from tests.sandbox.engine import engine_environment
from tests.sandbox.fixtures.releases import Site, open_site

heed_interrupts()
_numbers = itertools.count()


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    """The tools that `up` needs, from the user's cache; built first if they are not there."""
    tools = Toolchain(console=Console(stderr=True))
    tools.ensure()
    return tools


@pytest.fixture(scope="session")
def gateway_tools() -> Toolchain:
    """The real nginx and the real Mimir; the rest of the world is not needed in front of them."""
    tools = Toolchain(console=Console(stderr=True))
    tools.ensure(["nginx", "mimir"])
    return tools


@pytest.fixture
def unreached(edge: Edge) -> Iterator[None]:
    """Nothing reaches a backend behind the module's gateway during the test, be it Mimir or the stand-in for Tempo."""
    before = edge.reached()
    yield
    assert edge.reached() == before


@pytest.fixture(scope="session")
def world(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connections]:
    """How to reach the session's world. Tests share it: each cleans up, and none stops a service of it."""
    here = World(tmp_path_factory.mktemp("world"), toolchain)
    try:
        yield here.start()
    finally:
        here.destroy()


@pytest.fixture(scope="session")
def engine(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The real engine with a home and a backend of the session's own."""
    engine = Engine(tmp_path_factory.mktemp("engine"), toolchain)
    install(engine.home, Path(engine.environment["VIRTUAL_ENV"]) / "bin" / "python", REPO)
    return engine


@pytest.fixture(scope="session")
def dev(engine: Engine, world: Connections) -> Deployment:
    """The dev stack; a test finds it as the one before has left it."""
    prepare("dev", engine, world)
    return Deployment("dev", engine, world)


@pytest.fixture(scope="session")
def test(engine: Engine, world: Connections) -> Deployment:
    """The test stack."""
    prepare("test", engine, world)
    return Deployment("test", engine, world)


@pytest.fixture(scope="session")
def prod(engine: Engine, world: Connections) -> Deployment:
    """The prod stack."""
    prepare("prod", engine, world)
    return Deployment("prod", engine, world)


@pytest.fixture(scope="module")
def site(world: Connections, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The world's cluster with a namespace for test releases, which are gone afterwards."""
    with open_site(world, engine_environment(toolchain, tmp_path_factory.mktemp("home"))) as here:
        yield here


@pytest.fixture
def name() -> str:
    """The name of a release that no other test has."""
    return f"release-{next(_numbers)}"
