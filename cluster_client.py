"""A client of a stack's API server, for whoever asks the cluster anything: preflight, drift, repair and smoke."""

import urllib3
import yaml
from kubernetes import client, config
from kubernetes.config.config_exception import ConfigException

UNUSABLE = (ConfigException, OSError, yaml.YAMLError, TypeError, ValueError)
"""What `api_client` raises of a kubeconfig. All but the first two may quote the file in their text, tokens and all."""


def api_client(kubeconfig: str | None, context: str) -> client.ApiClient:
    """Return a client that tries once: its retries would keep a user waiting for an address that is simply wrong.

    Args:
        kubeconfig: path of the file; None is the usual one.
        context: which of its contexts.

    Raises:
        one of UNUSABLE: the file cannot be read, or has no such context.
    """
    api = config.new_client_from_config(config_file=kubeconfig, context=context)
    api.rest_client.pool_manager.connection_pool_kw["retries"] = urllib3.Retry(0)
    return api
