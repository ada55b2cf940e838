"""Reads a stack's secrets: those that the engine decrypts, and those in Secrets that exist already."""

import os
from pathlib import Path

from telemetry.clients.cli_tools import Pulumi
from telemetry.clients.kubernetes import cluster_errors, connect, secret_texts
from telemetry.config.credentials import Credentials
from telemetry.stack import ConfigError, Stack, file
from telemetry.stack.existing_credentials import VARIABLES, Parts, in_secret, of_program, secrets, unset
from telemetry.stack.loading import load_credentials

_KEY = "telemetry:credentials"


def load(stack: Stack, config_file: Path | None = None) -> Credentials:
    """Return the secrets of a stack.

    Those in Secrets that exist already are asked of the cluster, but for what is in the environment. What a backend's
    Secret does not tell is unknown.

    Raises:
        ToolError: the engine does not decrypt them.
        ClusterError: the cluster does not answer.
        ConfigError: they are not such as the program takes, or a Secret is needed that is not to be read; the message
            holds none of them.
    """
    given = _existing(stack)
    has_none = given and _KEY not in file.config(stack.environment, config_file)
    text = "{}" if has_none else Pulumi(stack.environment, config_file).run(f"config get {_KEY}").stdout
    try:
        return load_credentials(text, given, stack.environment)
    except ConfigError as error:
        places = sorted({line.partition(": ")[0].removeprefix(_KEY).strip(".") for line in error.findings})
        finding = f"{_KEY}: cannot be used because of {', '.join(filter(None, places)) or 'its form'}"
        raise ConfigError([f"{finding}; `pulumi preview` says how to mend it"]) from None


def read(stack: Stack, name: str) -> Parts | None:
    """Return what the Secret with a part of `telemetry:credentials` has; None where it does not tell.

    Raises:
        ClusterError: the cluster does not answer.
    """
    secret, api = secrets(stack)[name], connect(stack.kubernetes)
    with cluster_errors(stack.kubernetes.context):
        return in_secret(secret, secret_texts(api, stack.namespace.name, secret.name))


def tokens(stack: Stack) -> dict[str, str]:
    """Return tenants' tokens that are in Secrets which exist already, by tenant id, as far as the cluster shows them.

    Raises:
        ClusterError: the cluster does not answer.
    """
    named = [(tenant.id, tenant.access.token_secret) for tenant in stack.tenants if tenant.access.token_secret]
    if stack.gateway is None or not named:
        return {}
    api, namespace = connect(stack.kubernetes), stack.namespace.name
    with cluster_errors(stack.kubernetes.context):
        found = {tenant: secret_texts(api, namespace, each.name).get(each.key) for tenant, each in named}
    return {tenant: token for tenant, token in found.items() if token}


def _existing(stack: Stack) -> dict[str, Parts | None]:
    found = {}
    for name in secrets(stack):
        is_set = name in VARIABLES and all(map(os.environ.get, VARIABLES[name].values()))
        found[name] = of_program(name, os.environ) if is_set else read(stack, name)
    if any(found[name] is None for name in VARIABLES.keys() & found.keys()):
        raise ConfigError(unset(stack, os.environ))
    return found
