"""`credentials`: writes the pipeline's secrets to files that no other user or step can read."""

import os
from collections.abc import Mapping
from pathlib import Path

from telemetry.cli.errors import error_boundary
from telemetry.cli.private_files import write_new


class CredentialsError(Exception):
    """The files cannot be made; the message holds no secret."""


def write(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """Write the passphrase and the kubeconfig, and return the variables that later steps need.

    The kubeconfig goes where everybody's is: a path of the pipeline's own would be an input of the Kubernetes
    provider, so that the pipeline and an SRE undid each other's updates.

    Raises:
        CredentialsError: a variable is not set.
        FileExistsError: a file is there already.
    """
    passphrase, kubeconfig, folder = (
        _needed(environment, name) for name in ("STACK_PASSPHRASE", "CLUSTER_KUBECONFIG", "RUNNER_TEMP")
    )
    file = Path(folder) / "passphrase"
    write_new(file, passphrase)
    write_new(home / ".kube" / "config", kubeconfig)
    return {"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}


def credentials() -> None:
    """Put STACK_PASSPHRASE and CLUSTER_KUBECONFIG into files that only this user can read; overwrites none."""
    with error_boundary(CredentialsError, OSError):
        later = Path(_needed(os.environ, "GITHUB_ENV"))
        variables = write(os.environ, Path.home())
        with later.open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in variables.items())


def _needed(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise CredentialsError(f"{name}: is not set; see the table of secrets in docs/pipeline.md")
    return value
