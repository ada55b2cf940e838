"""What every backend's component makes: a Secret with its S3 credentials, and the Helm releases that name it."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from components.kubernetes import added, credentials_secret, release, service, service_account
from telemetry.config.credentials import S3Identity
from telemetry.spec.release import Release
from telemetry.stack.backends import StackBackend


class Backend(pulumi.ComponentResource):
    """A backend, at the Services of its chart. One that needs more than its description says has a subclass."""

    endpoints: dict[str, str]
    """Where clients reach it in the cluster, by use; a gateway stands before them where there is one."""
    releases: pulumi.Output[dict[str, str]]
    """Helm's word for each release, by name; `deployed` is the only good one."""

    def __init__(
        self,
        name: str,
        *,
        backend: StackBackend,
        identity: S3Identity | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(f"telemetry:{backend.signal}:{backend.of.title}", name, opts=opts)
        self._backend = backend
        self._namespace = backend.context.namespace.name
        self.endpoints = backend.endpoints._asdict()
        self._mounted = [*self._secret(identity), *self._account(), *self._before()]
        deployed = {each.name: self._release(each.with_key(identity)) for each in backend.releases}
        for each in backend.releases:
            for wanted in each.added:
                added(wanted, namespace=self._namespace, parent=self, after=deployed[each.name])
        self._beside(deployed)
        self.releases = pulumi.Output.all(
            **{each: made.status.apply(lambda status: str(status.status)) for each, made in deployed.items()}
        )
        self.register_outputs({"endpoints": self.endpoints, "releases": self.releases})

    def _release(self, wanted: Release) -> k8s.helm.v3.Release:
        timeout = self._backend.context.kubernetes.release_timeout
        return release(wanted, namespace=self._namespace, timeout=timeout, after=self._mounted, parent=self)

    def _secret(self, identity: S3Identity | None) -> list[pulumi.Resource]:
        """Register the Secret with the S3 key pair; nothing where it exists already."""
        if identity is None:
            return []
        wanted = self._backend.s3_secret
        return [credentials_secret(wanted, namespace=self._namespace, identity=identity, parent=self)]

    def _account(self) -> list[pulumi.Resource]:
        """Register the account of pods whose chart has no key that takes their token away."""
        account = self._backend.of.service_account
        return [service_account(account, namespace=self._namespace, parent=self)] if account else []

    def _before(self) -> list[pulumi.Resource]:
        """Register what the pods mount besides their credentials."""
        return []

    def _twins(self, release: str, twins: Mapping[str, tuple[str, int]]) -> None:
        """Register what stands for the pods themselves, for who chooses among them or scrapes each.

        Not after the release: a gateway that runs already turns to these names as soon as it is told them.

        Args:
            release: the release, which its chart's label of the application is called like.
            twins: name and port of the Service before each role.
        """
        for role, (name, port) in twins.items():
            service(
                name,
                namespace=self._namespace,
                ports={"http": port},
                selector={
                    "app.kubernetes.io/name": release,
                    "app.kubernetes.io/instance": release,
                    "app.kubernetes.io/component": role,
                },
                parent=self,
                after=self._mounted[-1],
                headless=True,
            )

    def _beside(self, deployed: Mapping[str, k8s.helm.v3.Release]) -> None:
        """Register what belongs to the releases and is in no chart."""
