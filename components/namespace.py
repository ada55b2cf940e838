"""The namespace, where the program owns it."""

import pulumi
import pulumi_kubernetes as k8s

from telemetry.config.namespace import Namespace as NamespaceSettings

_POD_SECURITY = {"pod-security.kubernetes.io/enforce": "restricted"}


class Namespace(pulumi.ComponentResource):
    """A namespace labelled for PodSecurity `restricted`, with its quota; a quota at most if the platform owns it."""

    name: pulumi.Output[str]
    """The namespace's name."""

    def __init__(self, name: str, *, settings: NamespaceSettings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("telemetry:kubernetes:Namespace", name, opts=opts)
        namespace = self._create(settings) if settings.create else None
        if settings.create or settings.set_quota:
            self._set_quota(settings, [namespace] if namespace else [])
        self.name = pulumi.Output.from_input(settings.name)
        self.register_outputs({"name": self.name})

    def _create(self, settings: NamespaceSettings) -> k8s.core.v1.Namespace:
        return k8s.core.v1.Namespace(
            settings.name,
            metadata={"name": settings.name, "labels": _POD_SECURITY},
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _set_quota(self, settings: NamespaceSettings, after: list[pulumi.Resource]) -> None:
        quota = settings.quota_in_force
        assert quota is not None  # noqa: S101 - settings.namespace demands one
        k8s.core.v1.ResourceQuota(
            f"{settings.name}-quota",
            metadata={"name": "telemetry", "namespace": settings.name},
            spec={"hard": quota.hard},
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )
