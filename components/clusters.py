"""Datasources for the data of other clusters."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any, Self

import pulumi
import pulumiverse_grafana as grafana

from components.outputs import SCHEMA_VERSION
from telemetry.config.credentials import Credentials
from telemetry.grafana.clusters import UnreadableError, datasources_of_cluster, view_of
from telemetry.grafana.datasources import Datasource
from telemetry.stack import Stack


class Clusters(pulumi.ComponentResource):
    """One datasource for each signal of each stack in `telemetry:clusters`, made of what that stack exports."""

    declared: dict[str, dict[str, str]]
    """By cluster and signal the uid of its datasource."""

    def __init__(
        self, name: str, *, stack: Stack, credentials: Credentials, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("telemetry:grafana:Clusters", name, opts=opts)
        tokens = {cluster: secret.get_secret_value() for cluster, secret in credentials.clusters.items()}
        self.declared = {cluster: self._of(stack, cluster, tokens.get(cluster)) for cluster in stack.clusters}
        self.register_outputs({"declared": self.declared})

    @classmethod
    def of(cls, stack: Stack, credentials: Credentials, *, opts: pulumi.ResourceOptions) -> Self | None:
        """Return the datasources of other clusters; None where no cluster is named."""
        return cls("clusters", stack=stack, credentials=credentials, opts=opts) if stack.clusters else None

    def _of(self, stack: Stack, cluster: str, token: str | None) -> dict[str, str]:
        other = stack.clusters[cluster]
        reference = pulumi.StackReference(cluster, stack_name=other.stack, opts=pulumi.ResourceOptions(parent=self))

        def read(outputs: Mapping[str, Any]) -> dict[str, Datasource]:
            try:
                return datasources_of_cluster(stack, cluster, outputs, version=SCHEMA_VERSION, token=token)
            except UnreadableError as error:
                raise pulumi.RunError(str(error)) from error

        found, view = reference.outputs.apply(read), view_of(stack, cluster, token)
        uids: dict[str, str] = {signal: view.uid(stack.backend(signal).of.name) for signal in other.signals}
        for signal, uid in uids.items():
            self._datasource(uid, found.apply(itemgetter(signal)), view.headers)
        return uids

    def _datasource(self, uid: str, given: pulumi.Output[Datasource], headers: Mapping[str, str]) -> None:
        secret: pulumi.Input[Any] = given.apply(lambda it: it.secure_json_data or "{}")
        grafana.oss.DataSource(
            uid,
            uid=uid,
            name=given.apply(lambda it: it.name),
            type=given.apply(lambda it: it.kind),
            url=given.apply(lambda it: it.url),
            access_mode="proxy",
            org_id=given.apply(lambda it: None if it.org is None else str(it.org)),
            json_data_encoded=given.apply(lambda it: it.json_data),
            secure_json_data_encoded=pulumi.Output.secret(secret),
            http_headers=pulumi.Output.secret(dict(headers)) if headers else None,
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
