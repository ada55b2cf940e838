"""Grafana Tempo: traces."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s
import yaml

from components.backend import Backend
from components.kubernetes import service
from telemetry.backends.tempo.endpoints import HTTP_PORT, TRACES_INGEST, TRACES_QUERY
from telemetry.backends.tempo.release import TEMPO
from telemetry.backends.tempo.values_common import TENANTS_CONFIG_MAP, tenant_overrides
from telemetry.backends.tempo.values_monolithic import OVERRIDES_FILE
from telemetry.spec.ports import OTLP_GRPC, OTLP_HTTP, twin


class Tempo(Backend):
    """Tempo as a single binary or distributed, behind two Services whose addresses are the same for both.

    A move from one topology to the other goes in this order: the new release is ready, the Services turn to it, and
    the old release goes; with `traces.moving_from` it stays, without new traces, until that setting is removed.
    """

    def _before(self) -> list[pulumi.Resource]:
        """Register the limits of tenants for the single binary, whose own chart would restart it at each change."""
        context = self._backend.context
        single = [shape for shape in context.settings.shapes if shape.topology == "monolithic"]
        if not context.tenants or not single:
            return []
        overrides = tenant_overrides(context, generates="metrics-generator" in single[0].runs)
        return [
            k8s.core.v1.ConfigMap(
                TENANTS_CONFIG_MAP,
                metadata={"name": TENANTS_CONFIG_MAP, "namespace": self._namespace},
                data={OVERRIDES_FILE: yaml.safe_dump({"overrides": overrides}, sort_keys=False)},
                opts=pulumi.ResourceOptions(parent=self),
            )
        ]

    def _beside(self, deployed: Mapping[str, k8s.helm.v3.Release]) -> None:
        """Register the addresses. After the release: they never turn to pods that are not ready.

        The gateway chooses among the pods by itself, so for it there is a headless twin of each.
        """
        context = self._backend.context
        topology = context.settings.topology
        pods = {"app.kubernetes.io/name": "tempo", "app.kubernetes.io/instance": TEMPO[topology]}
        for name, ports, role in (
            (TRACES_INGEST, {"otlp-grpc": OTLP_GRPC, "otlp-http": OTLP_HTTP}, "distributor"),
            (TRACES_QUERY, {"http": HTTP_PORT}, "query-frontend"),
        ):
            component = {} if topology == "monolithic" else {"app.kubernetes.io/component": role}
            for headless in (False, True) if context.gateway else (False,):
                service(
                    twin(name) if headless else name,
                    namespace=self._namespace,
                    ports=ports,
                    selector={**pods, **component},
                    parent=self,
                    after=deployed[TEMPO[topology]],
                    headless=headless,
                )
        self._announce_move()

    def _announce_move(self) -> None:
        settings = self._backend.context.settings
        if settings.moving_from is None:
            return
        old, new = settings.moving_from.topology, settings.topology
        pulumi.log.info(
            f"traces are moving from {old} to {new}: new traces go to release {TEMPO[new]} as soon as it is ready; "
            f"release {TEMPO[old]} stays as it is and flushes what it has, until traces.moving_from is removed",
            self,
        )
