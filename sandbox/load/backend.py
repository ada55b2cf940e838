"""What a run of load knows of a backend of metrics: its settings, how it is run, and where its figures are kept."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from sandbox.gateway.loopback import Network
from sandbox.toolchain import Toolchain
from telemetry.spec.measured import Measurements
from telemetry.stack import Stack, load_settings
from telemetry.stack import file as stack_file

_STACK = "dev"
"""Whose settings gateway and backend are made of; shapes differ in how many replicas there are."""


class Running(NamedTuple):
    """A backend that runs."""

    addresses: Sequence[str]
    """Where the gateway finds it."""
    parts: Mapping[str, Sequence[int]]
    """The processes of each part, by what it is called."""


Open = Callable[[Toolchain, Stack, Network, int, Path], AbstractContextManager[Running]]
"""Runs so many replicas of a stack's backend, each of which has every series, with their files in a folder."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A backend of metrics."""

    name: str
    """As the settings call it."""
    title: str
    tools: tuple[str, ...]
    """What it takes beside nginx."""
    measurements: Measurements
    open: Open
    described: Callable[[int], str]
    """What so many replicas are, for people."""
    settings: Callable[[int], Mapping[str, Any]]
    """What a stack says that has so many replicas."""
    gateway: Mapping[str, Any] = field(default_factory=dict)
    """What it says of its gateway."""
    limits: Mapping[str, Any] = field(default_factory=dict)
    """What tenants are granted of metrics: more than anybody sends, what a run measures is not to be a limit."""

    def stack(self, replicas: int, **own: Any) -> Stack:
        """Return the settings of a stack with so many replicas, and with these."""
        settings = {**self.settings(replicas), **own}
        config = stack_file.config(_STACK) | {f"telemetry:{key}": value for key, value in settings.items()}
        return load_settings(stack_file.as_given(config), _STACK)
