"""Checks that the API server answers, accepts our login and has the namespace."""

import urllib3
from kubernetes import client

from telemetry.clients import trust
from telemetry.clients.kubernetes import NoJsonError, get
from telemetry.config.connections import Kubernetes
from telemetry.config.namespace import Namespace
from telemetry.stack import Stack

_KEY = "telemetry:kubernetes"


def check(stack: Stack, api: client.ApiClient) -> list[str]:
    """Return what stands in the way."""
    cluster, namespace = stack.kubernetes, stack.namespace
    try:
        get(api, f"/api/v1/namespaces/{namespace.name}")
    except client.ApiException as error:
        return _refused(error, cluster, namespace)
    except urllib3.exceptions.HTTPError as error:
        if certificate := trust.distrusted(error):
            return [
                f"{_KEY}: the API server {api.configuration.host} of context {cluster.context!r} shows a certificate "
                f"that is not trusted ({certificate}); correct certificate-authority-data in the kubeconfig"
            ]
        return [
            f"{_KEY}: the API server {api.configuration.host} of context {cluster.context!r} does not answer "
            f"({type(getattr(error, 'reason', error)).__name__}); check the network and the context's server address"
        ]
    except NoJsonError:
        return [
            f"{_KEY}: {api.configuration.host} of context {cluster.context!r} is no Kubernetes API server; "
            "correct the context's server address"
        ]
    return []


def _refused(error: client.ApiException, cluster: Kubernetes, namespace: Namespace) -> list[str]:
    if error.status == 404:
        if namespace.create:
            return []
        return [
            f"telemetry:namespace.name: {namespace.name!r} does not exist on the cluster of context "
            f"{cluster.context!r}; ask the platform for it, or set create: true with a quota"
        ]
    if error.status == 401:
        return [f"{_KEY}.context: the API server refused the credentials of {cluster.context!r}; log in again"]
    if error.status == 403:
        # Being kept from reading the Namespace object is normal where the platform owns it.
        return []
    return [f"{_KEY}: the API server answered {error.status} {error.reason}; try again, or ask the platform"]
