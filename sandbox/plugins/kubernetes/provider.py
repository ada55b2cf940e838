"""Stands in for pulumi-resource-kubernetes 4.3x: native and custom kinds, and `helm.sh/v3:Release`.

Kinds go by server-side apply; what of them is awaited, awaiting.py says. Not here: patch resources, lists, Chart,
Kustomize, YAML, invokes, generated names, render_yaml_to_directory, client-side apply (refused:
`enable_server_side_apply=False`).
"""

from __future__ import annotations

from typing_extensions import override

from sandbox.plugins.base import Provider, ProviderError, ResourceType, parse_setting
from sandbox.plugins.diff import Diff, below, diff
from sandbox.plugins.kubernetes.cluster import Cluster
from sandbox.plugins.kubernetes.helm import Helm
from sandbox.plugins.kubernetes.kubeconfig import KubeConfig
from sandbox.plugins.kubernetes.objects import NativeKind, Settings
from sandbox.plugins.kubernetes.release import Release
from sandbox.plugins.values import Properties

_WHERE = ("cluster", "context", "kubeconfig")


class Kubernetes(Provider):
    """The provider: one context of one kubeconfig."""

    def __init__(self) -> None:
        self._helm: Helm | None = None
        self._native: NativeKind | None = None
        self._release: Release | None = None

    @override
    def diff_config(self, old: Properties, new: Properties) -> Diff:
        """Another cluster replaces the provider and with it all resources; another path to the same one does not."""
        if old.get("clusterIdentifier") or new.get("clusterIdentifier"):
            return diff(old, new, replaces=below("clusterIdentifier"))
        changed = any(old.get(key) != new.get(key) for key in _WHERE)
        moved = changed and KubeConfig.of(old).server() != KubeConfig.of(new).server()
        return diff(old, new, replaces=below(*_WHERE) if moved else below())

    @override
    def configure(self, config: Properties) -> None:
        if parse_setting(config.get("enableServerSideApply", True)) is False:
            raise ProviderError("the sandbox's stand-in for kubernetes always uses server-side apply")
        namespace = config.get("namespace")
        default = namespace if isinstance(namespace, str) and namespace else "default"
        cluster = Cluster(KubeConfig.of(config))
        settings = Settings(
            namespace=default,
            secret_mutable=parse_setting(config.get("enableSecretMutable")) is True,
            config_map_mutable=parse_setting(config.get("enableConfigMapMutable")) is True,
            force=parse_setting(config.get("enablePatchForce")) is True,
            upsert=parse_setting(config.get("upsertExistingObjects")) is True,
        )
        self._helm = Helm(cluster.kubeconfig)
        self._native = NativeKind(cluster, settings)
        self._release = Release(cluster, self._helm, default)

    @override
    def resource_type(self, token: str) -> ResourceType:
        if self._native is None or self._release is None:
            raise ProviderError("the kubernetes provider is not configured yet")
        return self._release if token == "kubernetes:helm.sh/v3:Release" else self._native  # noqa: S105

    @override
    def cancel(self) -> None:
        if self._helm is not None:
            self._helm.cancel()
        if self._native is not None:
            self._native.cancel()
