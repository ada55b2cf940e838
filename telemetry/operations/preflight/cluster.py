"""Checks that the API server answers, accepts our login and has the namespace."""

import urllib3
from kubernetes import client
from kubernetes.config.config_exception import ConfigException

from telemetry.clients import trust
from telemetry.clients.kubernetes import UNUSABLE, api_client, get
from telemetry.config.connections import Kubernetes
from telemetry.config.namespace import Namespace

_KEY = "telemetry:kubernetes"

_HOW_TO_MEND = "log in to the cluster, or correct context and kubeconfig"


def check(cluster: Kubernetes, namespace: Namespace) -> list[str]:
    """Return what stands in the way."""
    try:
        api = api_client(cluster)
    except (ConfigException, OSError) as error:
        return [f"{_KEY}.context: {cluster.context!r} cannot be used ({_first_line(error)}); {_HOW_TO_MEND}"]
    except UNUSABLE:  # the rest of them: their texts may quote the file, and with it a token
        return [
            f"{_KEY}.context: {cluster.context!r} cannot be used (the kubeconfig file is malformed); {_HOW_TO_MEND}"
        ]
    return _ask(api, cluster, namespace)


def _ask(api: client.ApiClient, cluster: Kubernetes, namespace: Namespace) -> list[str]:
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
    except ValueError:  # something else answers there
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


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
