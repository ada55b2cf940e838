"""Not a stand-in itself: what the stand-in plugins share, a Pulumi resource provider with full secret support.

The SDK's own base (pulumi.provider.experimental) takes 0.4 s to import, so this is a thin servicer for the same
protocol (sdk/proto/provider.proto). Missing: invokes, calls, components, schemas, parameterisation, "created, but
failed to initialise". A preview calls `create` and `update` too, with `request.preview` set.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping

from sandbox.plugins.diff import Diff, diff
from sandbox.plugins.values import Properties, has_unknown, reveal


@dataclasses.dataclass(frozen=True)
class Request:
    """One call about one resource. What the call does not carry is empty."""

    urn: str
    type: str
    name: str
    id: str = ""
    inputs: Properties = dataclasses.field(default_factory=dict)
    """Wanted inputs; in `read`, the inputs in state."""
    old_inputs: Properties = dataclasses.field(default_factory=dict)
    state: Properties = dataclasses.field(default_factory=dict)
    """Outputs in state."""
    preview: bool = False

    @property
    def plain(self) -> Properties:
        """The inputs without secrets' wrapping."""
        plain: Properties = reveal(self.inputs)
        return plain

    @property
    def unknown(self) -> bool:
        """Whether anything in the inputs is unknown, as only happens in a preview."""
        return has_unknown(self.inputs)


@dataclasses.dataclass(frozen=True)
class Live:
    """What `read` found."""

    id: str
    inputs: Properties
    state: Properties


class ProviderError(Exception):
    """An operation failed; the message is shown to the user as it is."""


class IncompleteError(ProviderError):
    """A resource was made, but not seen through: the engine keeps it as it is, and updates it the next time.

    So do providers of the Terraform bridge, by its source (Create in pkg/tfbridge/provider.go of
    pulumi/pulumi-terraform-bridge); no real one was there to say so.
    """

    def __init__(self, message: str, resource_id: str, state: Properties) -> None:
        super().__init__(message)
        self.id = resource_id
        self.state = state


class CheckError(ProviderError):
    """An input is wrong; `path` names it."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path = path


class ResourceType(ABC):
    """How one type of resource is looked after."""

    def check(self, request: Request) -> Properties:
        """Validate inputs and fill in defaults, offline. Raises CheckError."""
        return request.inputs

    @abstractmethod
    def diff(self, request: Request) -> Diff:
        """Compare wanted inputs with state, offline."""

    @abstractmethod
    def create(self, request: Request) -> tuple[str, Properties]:
        """Make the resource; its id ("" in a preview) and outputs. Raises ProviderError."""

    @abstractmethod
    def read(self, request: Request) -> Live | None:
        """The resource as it is now; None when it is gone."""

    @abstractmethod
    def update(self, request: Request) -> Properties:
        """Change the resource in place; its outputs. Raises ProviderError."""

    @abstractmethod
    def delete(self, request: Request) -> None:
        """Remove the resource; not an error if it is gone."""


class Provider(ABC):
    """A provider plugin: its configuration and the resource types that it knows."""

    def diff_config(self, old: Properties, new: Properties) -> Diff:
        """Compare provider inputs, secrets unwrapped. A replaced provider replaces every resource that it made."""
        return diff(old, new)

    @abstractmethod
    def configure(self, config: Properties) -> None:
        """Take the configuration, secrets unwrapped, without contacting anything."""

    @abstractmethod
    def resource_type(self, token: str) -> ResourceType:
        """The type behind a token such as `aws:s3/bucket:Bucket`. Raises ProviderError for one that is not known."""


def known(types: Mapping[str, ResourceType], token: str) -> ResourceType:
    """Look a token up; the error says how far the stand-in goes."""
    if token not in types:
        raise ProviderError(f"the sandbox has no stand-in for {token}: only for {', '.join(sorted(types))}")
    return types[token]


def parse_setting(value: object) -> object:
    """A provider's non-string input: SDKs hand these over as JSON text (`"true"`, `"[{...}]"`)."""
    import json

    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
