"""A client of a stack's API server, for whoever asks the cluster anything: preflight, drift, repair and smoke.

The kubernetes package's models are not used for single requests: to import them is a third of a preview's start.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import urllib3
from kubernetes import client

from telemetry.clients import kubeconfig
from telemetry.config.connections import Kubernetes

METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
"""So that what is in a Secret does not even reach us."""
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""The same of a list."""
_TIMEOUT_SECONDS = 10
_OK, _CREATED, _ACCEPTED, _NOT_FOUND, _SERVER_ERROR = 200, 201, 202, 404, 500
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class ClusterError(Exception):
    """The cluster does not answer, or refuses; the message says so to the user."""


class NoJsonError(ValueError):
    """Something answers, but not as an API server does."""


@dataclass(frozen=True)
class Answer:
    """What the API server says, whatever it is."""

    status: int
    reason: str
    body: bytes


def connect(settings: Kubernetes) -> client.ApiClient:
    """Return a client of a stack's cluster. It tries once: retries would keep a user waiting for a wrong address.

    Raises:
        ClusterError: the kubeconfig cannot be used.
    """
    try:
        api = kubeconfig.client_of(settings.kubeconfig_file, settings.context)
    except kubeconfig.KubeconfigError as error:
        raise ClusterError(
            f"telemetry:kubernetes.context: {settings.context!r} cannot be used ({error}); log in to the cluster, or "
            "correct context and kubeconfig"
        ) from error
    api.rest_client.pool_manager.connection_pool_kw["retries"] = urllib3.Retry(0)
    return api


@contextmanager
def cluster_errors(context: str) -> Iterator[None]:
    """Turn what a client raises into a ClusterError for the user."""
    server = f"the API server of context {context!r}"
    try:
        yield
    except urllib3.exceptions.HTTPError as error:
        reason = type(getattr(error, "reason", error)).__name__
        raise ClusterError(f"{server} does not answer ({reason})") from error
    except client.ApiException as error:
        raise ClusterError(f"{server} refused ({error.status}): {refusal(error)}") from error
    except NoJsonError as error:
        raise ClusterError(f"{server} does not answer like one; correct the context's address") from error


def refusal(error: client.ApiException) -> str:
    """Return the API server's own words."""
    try:
        return str(json.loads(error.body)["message"])
    except (ValueError, TypeError, KeyError):
        return str(error.reason)


def call(
    api: client.ApiClient,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    body: Any = None,
) -> Answer:
    """Return the answer to one request.

    Raises:
        urllib3.exceptions.HTTPError: nobody answered within ten seconds.
    """
    request = api.param_serialize(
        method,
        path,
        query_params=list((query or {}).items()),
        header_params={"Accept": "application/json", **(headers or {})},
        body=body,
        auth_settings=["BearerToken"],
    )
    response = api.call_api(*request, _request_timeout=_TIMEOUT_SECONDS)
    return Answer(response.status, str(response.reason), response.read())


def get(api: client.ApiClient, path: str, *, accept: str = "application/json", **query: str) -> dict[str, Any]:
    """Return the JSON object at a path.

    Raises:
        ApiException: the server refused, with the status.
        urllib3.exceptions.HTTPError: nobody answered within ten seconds.
        NoJsonError: the answer is no JSON object, or a web page.
    """
    answer = _no_page(call(api, "GET", path, headers={"Accept": accept}, query=query))
    if answer.status != _OK:
        raise _refused(answer)
    try:
        found = json.loads(answer.body)
    except ValueError as error:
        raise NoJsonError(f"{path}: no JSON") from error
    if not isinstance(found, Mapping):
        raise NoJsonError(f"{path}: an object was expected")
    return dict(found)


def _no_page(answer: Answer) -> Answer:
    """Refuse a page for people, such as a proxy's "not found", which is no word of an API server (NoJsonError)."""
    if answer.body.lstrip()[:1] == b"<" and answer.status < _SERVER_ERROR:
        raise NoJsonError(f"a web page ({answer.status})")
    return answer


def _refused(answer: Answer) -> client.ApiException:
    return client.ApiException(answer.status, answer.reason, body=answer.body.decode(errors="replace"))


def find(api: client.ApiClient, path: str, *, accept: str = "application/json", **query: str) -> dict[str, Any] | None:
    """Return the JSON object at a path, or None where there is none. Raises what `get` raises else."""
    try:
        return get(api, path, accept=accept, **query)
    except client.ApiException as error:
        if error.status == _NOT_FOUND:
            return None
        raise


def secret_texts(api: client.ApiClient, namespace: str, name: str) -> dict[str, str]:
    """Return what a Secret holds, by key; nothing where there is none, or we may not look.

    Raises:
        urllib3.exceptions.HTTPError: nobody answered within ten seconds.
        NoJsonError: the answer is no JSON object.
    """
    try:
        return texts(get(api, f"/api/v1/namespaces/{namespace}/secrets/{name}"))
    except client.ApiException:
        return {}


def texts(secret: Mapping[str, Any]) -> dict[str, str]:
    """Return what a Secret, as the API server gives it, holds by key."""
    return {key: base64.b64decode(text).decode(errors="replace") for key, text in (secret.get("data") or {}).items()}


def kinds(api: client.ApiClient, version: str) -> dict[str, str]:
    """Return the kinds of an API version, such as `apps/v1`, with what paths call each; none where it is not served.

    Raises what `get` raises else.
    """
    found = find(api, _root(version)) or {}
    return {each["kind"]: each["name"] for each in found.get("resources") or () if "/" not in each["name"]}


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


def may(api: client.ApiClient, verb: str, resource: str, *, group: str = "", namespace: str = "") -> bool:
    """Whether we may do something; also where the server does not say.

    Args:
        api: the client.
        verb: what, such as `create`.
        resource: to what, as paths call it: `roles`, `pods/log`.
        group: the API group that it is of.
        namespace: where; empty is everywhere.

    Raises:
        urllib3.exceptions.HTTPError: nobody answered within ten seconds.
    """
    name, _, part = resource.partition("/")
    asked = {"verb": verb, "group": group, "resource": name, "subresource": part, "namespace": namespace}
    answer = call(api, "POST", _REVIEWS, body={"spec": {"resourceAttributes": asked}})
    try:
        return answer.status != _CREATED or bool(json.loads(answer.body)["status"]["allowed"])
    except (ValueError, TypeError, KeyError):
        return True


def is_missing(api: client.ApiClient, path: str) -> bool:
    """Whether there is nothing at a path; not where we may not look. Raises what `get` raises but ApiException."""
    try:
        return find(api, path, accept=METADATA_ONLY) is None
    except client.ApiException:
        return False


def delete(api: client.ApiClient, path: str) -> None:
    """Delete an object; one that is gone already is fine.

    Raises:
        ApiException: the server refused, with the status.
        urllib3.exceptions.HTTPError: nobody answered within ten seconds.
        NoJsonError: something else answers.
    """
    answer = _no_page(call(api, "DELETE", path))
    if answer.status not in (_OK, _ACCEPTED, _NOT_FOUND):
        raise _refused(answer)


@dataclass(frozen=True)
class ApiServer:
    """The API server of a stack, asked for single objects of any kind."""

    settings: Kubernetes
    _kinds: dict[str, dict[str, str]] = field(default_factory=dict, init=False, repr=False)
    """By group and version, the names that paths have for kinds, as the server itself lists them."""

    def metadata(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Return the metadata of the object that a manifest describes, or nothing where there is none.

        Raises:
            ClusterError: the cluster does not answer, or refuses.
        """
        metadata = manifest["metadata"]
        within = f"/namespaces/{metadata['namespace']}" if metadata.get("namespace") else ""
        version = str(manifest["apiVersion"])
        with cluster_errors(self.settings.context):
            resource = self._resources(version).get(str(manifest["kind"]))
            path = f"{_root(version)}{within}/{resource}/{metadata['name']}"
            found = find(self._api, path, accept=METADATA_ONLY) if resource else None
        return dict(found["metadata"]) if found else {}

    def _resources(self, version: str) -> dict[str, str]:
        if version not in self._kinds:
            self._kinds[version] = kinds(self._api, version)
        return self._kinds[version]

    @cached_property
    def _api(self) -> client.ApiClient:
        return connect(self.settings)
