"""Kubeconfig files, held against their form before a client is made of one: it breaks on what it does not expect.

What they look like: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client, config
from kubernetes.config import kube_config
from kubernetes.config.config_exception import ConfigException
from pydantic import BaseModel, ConfigDict, Field, ValidationError

_BREAKS = (ConfigException, OSError, ValueError, TypeError, AttributeError, LookupError, RecursionError, yaml.YAMLError)
"""What the package raises of a file that it cannot use."""


class KubeconfigError(Exception):
    """A kubeconfig cannot be used. The message is one line, and quotes nothing but names: the file has tokens in it."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)


class _Cluster(_Part):
    server: str = ""
    proxy: str | None = Field(default=None, alias="proxy-url")


class _NamedCluster(_Part):
    name: str
    cluster: _Cluster


class _NamedUser(_Part):
    name: str
    user: dict[str, Any] | None = None


class _Context(_Part):
    cluster: str
    user: str | None = None


class _NamedContext(_Part):
    name: str
    context: _Context


class _File(_Part):
    current: str | None = Field(default=None, alias="current-context")
    clusters: list[_NamedCluster] | None = None
    users: list[_NamedUser] | None = None
    contexts: list[_NamedContext] | None = None


def client_of(path: str | None, context: str) -> client.ApiClient:
    """Return a client of a context's cluster.

    Args:
        path: of the file, or of several with a colon between; None is KUBECONFIG, or else ~/.kube/config.
        context: the context's name.

    Raises:
        KubeconfigError: the file cannot be used, or has no such context.
    """
    files = list(_files(path))
    if files:  # of none that is there, the package says so
        _check_context(files, context)
    try:
        return config.new_client_from_config(path, context)
    except _BREAKS as error:
        raise KubeconfigError(_reason(error)) from error


def contexts() -> tuple[str, ...]:
    """Return the contexts of the usual kubeconfig, the current one first; none where there is none to be read."""
    try:
        files = list(_files(None))
    except KubeconfigError:
        return ()
    current = next((each.current for each in files if each.current), None)
    names = [each.name for file in files for each in file.contexts or ()]
    return tuple(dict.fromkeys(sorted(names, key=lambda name: name != current)))


def _files(path: str | None) -> Iterator[_File]:
    for each in (path or kube_config.KUBE_CONFIG_DEFAULT_LOCATION).split(kube_config.ENV_KUBECONFIG_PATH_SEPARATOR):
        file = Path(each).expanduser()
        if each and file.exists():
            yield _read(file)


def _read(file: Path) -> _File:
    try:
        content = yaml.safe_load(file.read_bytes())
    except OSError as error:
        raise KubeconfigError(f"{file}: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise KubeconfigError(f"{file} is no YAML") from error
    if content is None:
        raise KubeconfigError(f"{file} is empty")
    if not isinstance(content, dict):
        raise KubeconfigError(f"{file} is no kubeconfig: it holds no mapping")
    try:
        return _File.model_validate(content)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        where, said = ".".join(map(str, wrong["loc"])), wrong["msg"].replace("Input should be", "must be")
        raise KubeconfigError(f"{file}: {where}: {said}") from error


def _check_context(files: list[_File], name: str) -> None:
    """Refuse a context that is not there, or that names what is not there."""
    named = {each.name: each.context for file in reversed(files) for each in file.contexts or ()}
    if name not in named:
        raise KubeconfigError(f"there is no such context; there are {', '.join(sorted(named)) or 'none'}")
    clusters = {each.name: each.cluster for file in reversed(files) for each in file.clusters or ()}
    cluster = clusters.get(named[name].cluster)
    if cluster is None:
        raise KubeconfigError(f"its cluster {named[name].cluster!r} is not among clusters")
    if not cluster.server:  # of other contexts' clusters it does not matter
        raise KubeconfigError(f"its cluster {named[name].cluster!r} has no server")
    user = named[name].user
    if user and user not in {each.name for file in files for each in file.users or ()}:
        raise KubeconfigError(f"its user {user!r} is not among users")


def _reason(error: Exception) -> str:
    """Return why the package cannot use a file; its errors quote the file but where they are about other files."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    text = str(error)
    if isinstance(error, ConfigException) and ("File does not exist" in text or "No configuration found" in text):
        return text.splitlines()[0]
    return "the kubeconfig file is malformed"
