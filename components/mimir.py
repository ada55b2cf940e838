"""Grafana Mimir: metrics."""

from collections.abc import Mapping

import pulumi_kubernetes as k8s

from components.backend import Backend
from components.kubernetes import service
from telemetry.backends.mimir.endpoints import HTTP_PORT, METRICS_TWINS
from telemetry.backends.mimir.values import RELEASE


class Mimir(Backend):
    """Mimir in classic architecture, behind its chart's gateway unless there is one for all backends."""

    def _beside(self, deployed: Mapping[str, k8s.helm.v3.Release]) -> None:  # noqa: ARG002 - twins come before
        if self._backend.context.gateway is not None:
            self._twins()

    def _twins(self) -> None:
        """Register what stands for the pods themselves, so that the gateway tries another one where it cannot connect.

        Not after the release: a gateway that runs already turns to these names as soon as it is told them.
        """
        for role, name in METRICS_TWINS.items():
            service(
                name,
                namespace=self._namespace,
                ports={"http": HTTP_PORT},
                selector={
                    "app.kubernetes.io/name": "mimir",
                    "app.kubernetes.io/instance": RELEASE,
                    "app.kubernetes.io/component": role,
                },
                parent=self,
                after=self._mounted[-1],
                headless=True,
            )
