"""The components of a stack's backends."""

from collections.abc import Mapping

import pulumi

from components import metadata
from components.backend import Backend
from components.mimir import Mimir
from components.tempo import Tempo
from components.thanos import Thanos
from telemetry.config.credentials import Credentials
from telemetry.stack import Stack
from telemetry.stack.backends import StackBackend

_COMPONENTS: Mapping[str, type[Backend]] = {"mimir": Mimir, "tempo": Tempo, "thanos": Thanos}
"""Of those that need more than a backend's description says."""


def deploy_backends(stack: Stack, credentials: Credentials, *, opts: pulumi.ResourceOptions) -> list[Backend]:
    """Register the backends that a stack has."""
    return [
        _COMPONENTS.get(backend.of.name, Backend)(
            backend.of.name,
            backend=backend,
            identity=getattr(credentials, backend.signal) if backend.s3_secret.create else None,
            opts=_options(backend, opts),
        )
        for backend in stack.backends
    ]


def _options(backend: StackBackend, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    own = metadata.of_part(backend.settings.labels, backend.settings.annotations)
    return pulumi.ResourceOptions.merge(opts, own) if own else opts
