"""Part of the kubernetes stand-in: the API server by REST, any kind by its apiVersion and kind."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from sandbox.plugins.base import ProviderError
from sandbox.plugins.kubernetes.kubeconfig import KubeConfig
from sandbox.plugins.values import Properties

if TYPE_CHECKING:
    import httpx

FIELD_MANAGER: Final = "pulumi-kubernetes"
_TIMEOUT: Final = 60.0  # seconds per request
_CLUSTER_SCOPED: Final = frozenset(
    {
        "APIService", "CSIDriver", "CSINode", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition",
        "FlowSchema", "IngressClass", "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume",
        "PriorityClass", "PriorityLevelConfiguration", "RuntimeClass", "StorageClass",
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
        "VolumeAttachment",
    }
)  # fmt: skip


class UnreachableError(ProviderError):
    """Nothing answers at the API server's address, or the kubeconfig does not give one."""


class ApiError(ProviderError):
    """The API server refused; `reason` is its Status' reason, such as AlreadyExists."""

    def __init__(self, status: dict[str, Any]) -> None:
        super().__init__(status.get("message") or f"the API server answered {status.get('code')}")
        self.code = status.get("code")
        self.reason = status.get("reason")
        self.details: dict[str, Any] = status.get("details") or {}


@dataclasses.dataclass(frozen=True)
class Target:
    """One object's address."""

    api_version: str
    kind: str
    namespace: str
    """Empty for a kind without namespaces."""
    name: str

    @classmethod
    def of(cls, manifest: Properties) -> Target:
        """The address of an object given in full."""
        metadata = manifest["metadata"]
        namespace = "" if is_cluster_scoped(manifest["kind"]) else metadata.get("namespace", "default")
        return cls(manifest["apiVersion"], manifest["kind"], namespace, metadata["name"])

    @property
    def id(self) -> str:
        """The Pulumi id."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


def is_cluster_scoped(kind: str) -> bool:
    """Whether objects of a built-in kind live outside namespaces; asked offline, in Check."""
    return kind in _CLUSTER_SCOPED


class Cluster:
    """A connection to an API server that is opened at first use."""

    def __init__(self, kubeconfig: KubeConfig) -> None:
        self.kubeconfig = kubeconfig
        self._client: httpx.Client | None = None
        self._plurals: dict[tuple[str, str], str] = {}

    def probe(self) -> None:
        """Raise UnreachableError unless the API server answers."""
        self._send("GET", "/version")

    def get(self, target: Target) -> Properties | None:
        """The object; None if it, its namespace or its kind does not exist."""
        try:
            return self._send("GET", self._path(target))
        except ApiError as error:
            if error.code == _NOT_FOUND:
                return None
            raise

    def create(self, manifest: Properties, *, dry_run: bool) -> Properties:
        """POST, which says AlreadyExists for an object that is there."""
        target = Target.of(manifest)
        return self._send("POST", self._path(target, named=False), _query(dry_run), body=manifest)

    def apply(self, manifest: Properties, *, force: bool, dry_run: bool) -> Properties:
        """Server-side apply. Raises ApiError with reason Conflict for fields of another manager."""
        query = {**_query(dry_run), "force": str(force).lower()}
        kind = "application/apply-patch+yaml"
        return self._send("PATCH", self._path(Target.of(manifest)), query, body=manifest, content_type=kind)

    def delete(self, target: Target) -> None:
        """Ask for the object's deletion; not an error if it is gone."""
        try:
            self._send("DELETE", self._path(target), body={"propagationPolicy": "Foreground"})
        except ApiError as error:
            if error.code != _NOT_FOUND:
                raise

    def _path(self, target: Target, *, named: bool = True) -> str:
        base = f"/api/{target.api_version}" if "/" not in target.api_version else f"/apis/{target.api_version}"
        key = (target.api_version, target.kind)
        if key not in self._plurals:
            found = self._kinds(base)
            if target.kind not in found:
                message = f'no matches for kind "{target.kind}" in version "{target.api_version}"'
                raise ApiError({"code": _NOT_FOUND, "message": message})
            self._plurals[key] = found[target.kind]
        space = f"/namespaces/{target.namespace}" if target.namespace else ""
        return f"{base}{space}/{self._plurals[key]}" + (f"/{target.name}" if named else "")

    def _kinds(self, base: str) -> dict[str, str]:
        """Plural by kind, of one version; empty for one that is not served."""
        try:
            served = self._send("GET", base)["resources"]
        except ApiError as error:
            if error.code == _NOT_FOUND:
                return {}
            raise
        return {item["kind"]: item["name"] for item in served if "/" not in item["name"]}

    def _send(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        *,
        body: Properties | None = None,
        content_type: str = "application/json",
    ) -> Properties:
        import httpx

        client = self._connect()
        try:
            answer = client.request(method, path, params=query, json=body, headers={"Content-Type": content_type})
        except httpx.TransportError as error:
            cause = str(error).split("] ")[-1].lower()
            raise UnreachableError(f'{method.capitalize()} "{client.base_url.join(path)}": dial: {cause}') from error
        if answer.is_error:
            try:
                raise ApiError(answer.json())
            except ValueError:
                raise ApiError({"code": answer.status_code, "message": answer.text[:200]}) from None
        parsed: Properties = answer.json()
        return parsed

    def _connect(self) -> httpx.Client:
        if self._client is None:
            import httpx

            try:
                cluster, user = self.kubeconfig.load()
                verify = self.kubeconfig.trust(cluster, user)
            except (ProviderError, OSError, ValueError, KeyError) as error:
                raise UnreachableError(str(error)) from error
            headers = {"Authorization": f"Bearer {user['token']}"} if user.get("token") else {}
            self._client = httpx.Client(
                base_url=cluster["server"], verify=verify, headers=headers, timeout=_TIMEOUT, trust_env=False
            )
        return self._client


_NOT_FOUND: Final = 404


def _query(dry_run: bool) -> dict[str, str]:
    return {"fieldManager": FIELD_MANAGER, **({"dryRun": "All"} if dry_run else {})}
