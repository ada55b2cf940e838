"""What to do with a thing that a killed run may have made, and of which the state knows nothing.

What may hold data, or holds other things, is adopted: buckets, namespaces, quotas. The rest is made again in a
moment, so it is removed: a Secret (adopting it would write it into the state in plain text), a release (its volume
claims stay), a datasource (its uid is pinned).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
import httpx
from botocore.exceptions import ClientError
from kubernetes import client, config

from sandbox.world import Connections

Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class Leftovers:
    """Adopts or removes what exists in the world without standing in the state."""

    connections: Connections
    helm: Callable[..., str]

    def settle(self, resource: Inputs) -> str | None:
        """Return the id under which the engine shall adopt a resource; None: it does not exist (any more)."""
        settle = {
            "aws:s3/bucket:Bucket": self._bucket,
            "kubernetes:core/v1:Namespace": self._namespace,
            "kubernetes:core/v1:ResourceQuota": self._quota,
            "kubernetes:core/v1:Secret": self._secret,
            "kubernetes:helm.sh/v3:Release": self._release,
            "grafana:oss/dataSource:DataSource": self._datasource,
        }.get(resource["type"])
        return settle(resource["inputs"]) if settle else None

    def _bucket(self, inputs: Inputs) -> str | None:
        provisioner = self.connections.s3_identities["provisioner"]
        s3 = boto3.client(
            "s3",
            endpoint_url=self.connections.s3_endpoint,
            region_name="us-east-1",
            aws_access_key_id=provisioner.access_key,
            aws_secret_access_key=provisioner.secret_key.get_secret_value(),
        )
        try:
            s3.head_bucket(Bucket=inputs["bucket"])
        except ClientError:
            return None
        return str(inputs["bucket"])

    @cached_property
    def _core(self) -> client.CoreV1Api:
        api = config.new_client_from_config(str(self.connections.kubeconfig), self.connections.context)
        return client.CoreV1Api(api)

    def _namespace(self, inputs: Inputs) -> str | None:
        name = inputs["metadata"]["name"]
        return name if _exists(self._core.read_namespace, name) else None

    def _quota(self, inputs: Inputs) -> str | None:
        name, namespace = _named(inputs)
        return f"{namespace}/{name}" if _exists(self._core.read_namespaced_resource_quota, name, namespace) else None

    def _secret(self, inputs: Inputs) -> None:
        _exists(self._core.delete_namespaced_secret, *_named(inputs))

    def _release(self, inputs: Inputs) -> None:
        self.helm("uninstall", inputs["name"], "--namespace", inputs["namespace"], "--ignore-not-found", "--wait")

    def _datasource(self, inputs: Inputs) -> None:
        user, _, password = self.connections.grafana_auth.get_secret_value().partition(":")
        url = f"{self.connections.grafana_url}/api/datasources/uid/{inputs['uid']}"
        answer = httpx.delete(url, auth=(user, password))
        if answer.status_code != httpx.codes.NOT_FOUND:
            answer.raise_for_status()


def _named(inputs: Inputs) -> tuple[str, str]:
    return inputs["metadata"]["name"], inputs["metadata"]["namespace"]


def _exists(call: Callable[..., object], *arguments: str) -> bool:
    """Whether a call to the API server finds its object."""
    try:
        call(*arguments)
    except client.ApiException as error:
        if error.status == 404:
            return False
        raise
    return True
