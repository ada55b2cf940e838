"""Grafana Mimir: metrics."""

from collections.abc import Mapping

import pulumi_kubernetes as k8s

from components.backend import Backend
from telemetry.backends.mimir.endpoints import HTTP_PORT, METRICS_TWINS
from telemetry.backends.mimir.values import RELEASE


class Mimir(Backend):
    """Mimir in classic architecture, behind its chart's gateway unless there is one for all backends."""

    def _beside(self, deployed: Mapping[str, k8s.helm.v3.Release]) -> None:  # noqa: ARG002 - twins come before
        if self._backend.context.gateway is not None:
            self._twins(RELEASE, {role: (name, HTTP_PORT) for role, name in METRICS_TWINS.items()})
