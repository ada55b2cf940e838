"""Stands in for the backends' pods, which do not run here: real processes on what a stack has made, to be validated."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from sandbox import mimir_ring, own_backends, thanos_stack
from sandbox.gateway.loopback import Network, network
from sandbox.stacks import programs_of
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from telemetry.operations.validation.addresses import admin, backends
from telemetry.stack import Stack
from telemetry.stack import file as stack_file

Place = Callable[[SplitResult], str]
"""Takes a Service's address, and returns host and port of a process that stands for its pods."""


Running = Callable[[Stack, Toolchain, Connections, Network, Path], AbstractContextManager[Place]]
"""Runs as many pods as a stack has, on what the stack has made of them. RuntimeError: one did not start."""

_BUILT: Mapping[str, Running] = {"mimir": mimir_ring.of_stack, "thanos": thanos_stack.of_stack}
"""By the backend's name, those whose programs can be built; others run where the user has them (own_backends.py)."""


def unserved(stack: Stack, found: Iterable[str]) -> Iterator[str]:
    """Yield what to say of each backend of which no process runs here; `found` are the addresses that there are."""
    signals = {name.partition(".")[0] for name in found}
    for backend in (each for each in stack.backends if each.signal not in signals):
        yield (
            f"{backend.signal}: pods do not run here, and there is no {backend.of.name} on PATH to take their place: "
            "their checks are skipped"
        )


@contextmanager
def addresses(stack: str, file: Path, toolchain: Toolchain, connections: Connections) -> Iterator[dict[str, str]]:
    """Run the stack's backends, and yield their addresses as `python -m telemetry validate` names them.

    Raises:
        RuntimeError: one did not start; the message ends with its last lines.
        ToolchainError: a program could not be built.
    """
    settings = stack_file.load(stack, file)
    services = {**backends(settings), **admin(settings)}
    built = [(each, _BUILT[each.of.name]) for each in settings.backends if each.of.name in _BUILT]
    toolchain.ensure(programs_of(settings))
    with (
        tempfile.TemporaryDirectory(prefix="telemetry-validate-") as directory,
        network() as net,
        ExitStack() as opened,
    ):
        found: dict[str, str] = {}
        for backend, running in built:
            folder = Path(directory) / backend.of.name
            folder.mkdir()
            place = opened.enter_context(running(settings, toolchain, connections, net, folder))
            of_signal = {name: url for name, url in services.items() if name.startswith(f"{backend.signal}.")}
            found |= {name: _moved(url, place) for name, url in of_signal.items()}
        own = own_backends.running(settings, toolchain, connections.core(), net, Path(directory))
        yield found | {name: url for name, url in opened.enter_context(own).items() if "." in name}


def _moved(url: str, place: Place) -> str:
    service = urlsplit(url)
    return service._replace(scheme="http", netloc=place(service)).geturl()
