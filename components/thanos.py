"""Prometheus with Thanos: metrics."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import pulumi
import pulumi_kubernetes as k8s
import yaml

from components.backend import Backend
from telemetry.backends.thanos.endpoints import THANOS, TWINS, query_address
from telemetry.backends.thanos.limits import limited, limits_file
from telemetry.backends.thanos.objstore import objstore
from telemetry.backends.thanos.values import (
    ALERTMANAGERS,
    ALERTMANAGERS_FILE,
    LIMITS,
    LIMITS_FILE,
    OBJSTORE,
    OBJSTORE_FILE,
    RULES,
    alertmanagers,
)
from telemetry.monitoring.rules import groups_of
from telemetry.spec.release import Release
from telemetry.spec.values import restarts
from telemetry.spec.values.restarts import with_said


class Thanos(Backend):
    """Prometheus with Thanos: three releases, and what is in none of their charts."""

    def _before(self) -> list[pulumi.Resource]:
        """Register where bucket and Alertmanager are, the limits of tenants, and the rules that the ruler evaluates.

        Rules of an operator's Prometheus are evaluated there, and not here as well.
        """
        context = self._backend.context
        made: list[pulumi.Resource] = [
            self._file_secret(OBJSTORE, {OBJSTORE_FILE: objstore(context)}),
            self._file_secret(ALERTMANAGERS, {ALERTMANAGERS_FILE: alertmanagers(context)}),
            self._config_map(RULES, self._rules()),
        ]
        if limited(context.tenants, context.limits):
            limits = limits_file(context.tenants, context.limits, query_address(context))
            made.append(self._config_map(LIMITS, {LIMITS_FILE: _yaml(limits)}))
        return made

    def _rules(self) -> dict[str, str]:
        """Return the ruler's files of rules, by name."""
        stack = self._backend.stack
        groups = groups_of(stack) if stack.monitoring.rules == "none" else []
        return {f"{group['name']}.yaml": _yaml({"groups": [group]}) for group in groups}

    def _release(self, wanted: Release) -> k8s.helm.v3.Release:
        """Register a release; the ruler, which reads its rules at its start, starts anew with others."""
        digest = hashlib.sha256(_yaml(self._rules()).encode()).hexdigest()[:10]
        return super()._release(replace(wanted, rendered=with_said(wanted.rendered, restarts.RULES, digest)))

    def _beside(self, deployed: Mapping[str, k8s.helm.v3.Release]) -> None:  # noqa: ARG002 - twins come before
        self._twins(THANOS, TWINS)

    def _file_secret(self, name: str, files: dict[str, str]) -> k8s.core.v1.Secret:
        return k8s.core.v1.Secret(
            name,
            metadata={"name": name, "namespace": self._namespace},
            string_data=files,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _config_map(self, name: str, files: dict[str, str]) -> k8s.core.v1.ConfigMap:
        return k8s.core.v1.ConfigMap(
            name,
            metadata={"name": name, "namespace": self._namespace},
            data=files,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _yaml(content: object) -> str:
    text: str = yaml.safe_dump(content, sort_keys=False)
    return text
