"""The releases that a stack has: what they and their Secrets are called, and what each is deployed from."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypedDict

from telemetry.backends.loki import values as loki
from telemetry.backends.mimir import values as mimir
from telemetry.backends.pyroscope import values as pyroscope
from telemetry.backends.tempo import values_distributed as tempo_distributed
from telemetry.backends.tempo import values_monolithic as tempo
from telemetry.backends.tempo.settings import TempoShape, Topology
from telemetry.collector import values as alloy
from telemetry.config.chart import Chart
from telemetry.config.credentials import S3Identity
from telemetry.config.roles import Role
from telemetry.spec import ports as addresses
from telemetry.spec.backend import Signal
from telemetry.spec.values import s3_key
from telemetry.spec.values.common import Values
from telemetry.stack import Stack

MIMIR = mimir.RELEASE
LOKI = loki.RELEASE
PYROSCOPE = pyroscope.RELEASE
TEMPO: dict[Topology, str] = {"monolithic": "tempo", "distributed": "tempo-distributed"}
"""The release of each topology. Two names, so that during a move both are there."""
_TEMPO_VALUES: dict[Topology, Callable[..., Values]] = {
    "monolithic": tempo.values,
    "distributed": tempo_distributed.values,
}
MIMIR_SECRET = "mimir-s3"  # noqa: S105 - a Secret's name
TEMPO_SECRET = "tempo-s3"  # noqa: S105 - a Secret's name
LOKI_SECRET = "loki-s3"  # noqa: S105 - a Secret's name
PYROSCOPE_SECRET = "pyroscope-s3"  # noqa: S105 - a Secret's name
S3_SECRET_OF: Mapping[Signal, str] = {
    "traces": TEMPO_SECRET,
    "metrics": MIMIR_SECRET,
    "logs": LOKI_SECRET,
    "profiles": PYROSCOPE_SECRET,
}
"""The Secret with the S3 credentials of each backend."""
S3_SECRETS = tuple(S3_SECRET_OF.values())
RELEASES_OF: Mapping[Signal, tuple[str, ...]] = {
    "traces": tuple(TEMPO.values()),
    "metrics": (MIMIR,),
    "logs": (LOKI,),
    "profiles": (PYROSCOPE,),
}
"""What the releases of each backend are called."""


@dataclass(frozen=True)
class Release:
    """A Helm release as the program deploys it."""

    name: str
    chart: Chart
    values: Values
    roles: Mapping[str, Role]
    autoscalers: tuple[Mapping[str, Any], ...] = ()
    """Those that the program adds to the chart's own, as far as they tell how many pods there may be."""

    def with_key(self, identity: S3Identity) -> Self:
        """Return the release with pods that say which key they use, so that they restart with the next."""
        return replace(self, values=s3_key.with_digest(self.values, s3_key.digest(identity)))


def releases_of(stack: Stack) -> tuple[Release, ...]:
    """Return all releases of a stack, the one that Tempo is moving away from included."""
    push = addresses.metrics(stack).remote_write
    tempos = (tempo_release(stack, each, remote_write_url=push) for each in stack.traces.shapes)
    others = (
        loki_release(stack) if stack.logs else None,
        pyroscope_release(stack) if stack.profiles else None,
        collector_release(stack),
    )
    return (*tempos, mimir_release(stack), *(each for each in others if each is not None))


def tempo_release(stack: Stack, shape: TempoShape, *, remote_write_url: str) -> Release:
    """Return Tempo in one of its shapes, with a metrics-generator that writes to an address."""
    push = addresses.absolute(stack, remote_write_url)
    values = _TEMPO_VALUES[shape.topology](stack, shape, secret_name=TEMPO_SECRET, remote_write_url=push)
    return Release(TEMPO[shape.topology], shape.chart, values, shape.roles)


def mimir_release(stack: Stack) -> Release:
    """Return Mimir."""
    roles = stack.metrics_roles
    values = mimir.values(stack, secret_name=MIMIR_SECRET)
    return Release(MIMIR, stack.metrics.chart, values, roles, tuple(_autoscalers(roles)))


def collector_release(stack: Stack) -> Release | None:
    """Return Alloy; None where the program deploys none."""
    settings, role = stack.collector, stack.collector_role
    if settings is None or settings.chart is None or role is None:
        return None
    return Release(alloy.RELEASE, settings.chart, alloy.values(stack, settings), {"alloy": role})


def loki_release(stack: Stack) -> Release:
    """Return Loki; only where there are logs."""
    assert stack.logs is not None  # noqa: S101 - whoever asks has looked
    return Release(LOKI, stack.logs.chart, loki.values(stack, stack.logs, secret_name=LOKI_SECRET), stack.logs.roles)


def pyroscope_release(stack: Stack) -> Release:
    """Return Pyroscope; only where there are profiles."""
    assert stack.profiles is not None  # noqa: S101 - whoever asks has looked
    values = pyroscope.values(stack, stack.profiles, secret_name=PYROSCOPE_SECRET)
    return Release(PYROSCOPE, stack.profiles.chart, values, stack.profiles.roles)


def _autoscalers(roles: Mapping[str, Role]) -> Iterator[Mapping[str, Any]]:
    """Yield the autoscalers that the program gives Mimir's roles, whose chart is told `replicas: null`."""
    for name, role in roles.items():
        if role.autoscaling is not None:
            target = f"{MIMIR}-{name}"
            yield {
                "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": target},
                "spec": {
                    "scaleTargetRef": {"kind": "Deployment", "name": target},
                    "minReplicas": role.autoscaling.min_replicas,
                    "maxReplicas": role.autoscaling.max_replicas,
                },
            }


class DeployedRelease(TypedDict):
    """A Helm release as the program would deploy it; there is no secret in its values."""

    name: str
    namespace: str
    chart: str
    """A name in the repository, an oci:// reference or a path that begins at the project."""
    version: str
    repository: str | None
    values: Values


def deployed(stack: Stack) -> list[DeployedRelease]:
    """Return the releases of a stack."""
    return [
        {
            "name": release.name,
            "namespace": stack.namespace.name,
            "chart": release.chart.source,
            "version": release.chart.version,
            "repository": release.chart.repository,
            "values": release.values,
        }
        for release in releases_of(stack)
    ]
