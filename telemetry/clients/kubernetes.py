"""A client of a stack's API server, for whoever asks the cluster anything: preflight, drift, repair and smoke."""

import json
from collections.abc import Mapping
from typing import Any

import urllib3
import yaml
from kubernetes import client, config
from kubernetes.config.config_exception import ConfigException

_TIMEOUT_SECONDS = 10
_OK, _ACCEPTED, _NOT_FOUND = 200, 202, 404
UNUSABLE = (ConfigException, OSError, yaml.YAMLError, TypeError, ValueError)
"""What `api_client` raises of a kubeconfig. All but the first two may quote the file in their text, tokens and all."""


class ClusterError(Exception):
    """The cluster does not answer, or refuses; the message says so to the user."""


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


def get(api: client.ApiClient, path: str, *, accept: str = "application/json", **query: str) -> dict[str, Any]:
    """Return the JSON object at a path, without the client's models: to import them is a third of a preview's start.

    Raises:
        ApiException: the server refused, with the status.
        urllib3.exceptions.HTTPError: nobody answered within ten seconds.
        ValueError: the answer is no JSON object.
    """
    request = api.param_serialize(
        "GET",
        path,
        query_params=list(query.items()),
        header_params={"Accept": accept},
        auth_settings=["BearerToken"],
    )
    response = api.call_api(*request, _request_timeout=_TIMEOUT_SECONDS)
    body = response.read()
    if response.status != _OK:
        raise client.ApiException(status=response.status, reason=response.reason)
    answer = json.loads(body)
    if not isinstance(answer, Mapping):
        raise ValueError(f"{path}: an object was expected")  # noqa: TRY004 - as json says of what is none
    return dict(answer)


def delete(api: client.ApiClient, path: str) -> None:
    """Delete an object; one that is gone already is fine.

    Raises:
        ApiException: the server refused, with the status.
        urllib3.exceptions.HTTPError: nobody answered within ten seconds.
    """
    request = api.param_serialize("DELETE", path, auth_settings=["BearerToken"])
    response = api.call_api(*request, _request_timeout=_TIMEOUT_SECONDS)
    response.read()
    if response.status not in (_OK, _ACCEPTED, _NOT_FOUND):
        raise client.ApiException(status=response.status, reason=response.reason)
