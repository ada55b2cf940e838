"""One world for all tests of a session: real services, in a directory of its own, gone at the end."""

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from rich.console import Console

from sandbox.engine import Engine, heed_interrupts
from sandbox.otel_collector import PROGRAM
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


@pytest.fixture(scope="session")
def otel_tools() -> Toolchain:
    """The real OpenTelemetry Collector, and the real nginx and Mimir that it sends to."""
    tools = Toolchain(console=Console(stderr=True))
    tools.ensure([PROGRAM, "nginx", "mimir"])
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
def template(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine whose stacks are made once and never deployed: copies of them take no time."""
    engine = Engine(tmp_path_factory.mktemp("template"), toolchain)
    install(engine.home, engine.toolchain)
    return engine


@pytest.fixture(scope="module")
def engine(toolchain: Toolchain, template: Engine, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The real engine with a home and a backend of the file's own: no file finds what another has left."""
    engine = Engine(tmp_path_factory.mktemp("engine"), toolchain)
    install(engine.home, engine.toolchain)
    shutil.copy2(template.environment["PULUMI_CONFIG_PASSPHRASE_FILE"], engine.state)
    return engine


@pytest.fixture(scope="module")
def dev(engine: Engine, template: Engine, world: Connections) -> Iterator[Deployment]:
    """The dev stack; a test finds it as the one before in its file has left it, the first finds nothing."""
    with _stack("dev", engine, template, world) as stack:
        yield stack


@pytest.fixture(scope="module")
def test(engine: Engine, template: Engine, world: Connections) -> Iterator[Deployment]:
    """The test stack, likewise."""
    with _stack("test", engine, template, world) as stack:
        yield stack


@pytest.fixture(scope="module")
def prod(engine: Engine, template: Engine, world: Connections) -> Iterator[Deployment]:
    """The prod stack, likewise."""
    with _stack("prod", engine, template, world) as stack:
        yield stack


@contextmanager
def _stack(name: str, engine: Engine, template: Engine, world: Connections) -> Iterator[Deployment]:
    prepare(name, template, world)
    _copy(name, template, engine)
    prepare(name, engine, world)
    deployment = Deployment(name, engine, world)
    deployment.await_cleared()
    try:
        yield deployment
    finally:
        deployment.clear()


def _copy(name: str, template: Engine, engine: Engine) -> None:
    """Give an engine a stack that another has made; what else it has stays as it is."""
    backend = template.state / "pulumi-state" / ".pulumi"
    for file in (template.config_file(name), template.checkpoint(name), backend / "meta.yaml"):
        copy = engine.state / file.relative_to(template.state)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)


@pytest.fixture(scope="module")
def site(world: Connections, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The world's cluster with a namespace for test releases, which are gone afterwards."""
    with open_site(world, engine_environment(toolchain, tmp_path_factory.mktemp("home"))) as here:
        yield here


@pytest.fixture
def name() -> str:
    """The name of a release that no other test has."""
    return f"release-{next(_numbers)}"
