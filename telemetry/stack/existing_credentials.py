"""Parts of `telemetry:credentials` that are in Secrets which exist already, because the settings name these.

Pods read theirs by themselves, and the program has none of it. Pulumi's own providers read variables of the environment
in which Pulumi runs; so nothing of them is an input, and the state has none of it either.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from telemetry.config.base import SettingError
from telemetry.config.existing_secrets import ACCESS_KEY_ENV, SECRET_KEY_ENV, LoginSecret, S3Secret, S3Secrets

if TYPE_CHECKING:
    from telemetry.stack.model import Stack

VARIABLES = {
    "provisioner": {"access_key": ACCESS_KEY_ENV, "secret_key": SECRET_KEY_ENV},
    "grafana": {"auth": "GRAFANA_AUTH"},
}
"""Of Pulumi's providers, the variable of each part of their secret: what aws and grafana look for by themselves."""
_UNSET = "unset"
"""Stands for a variable that is reported as missing."""

Parts = dict[str, str]
"""What `telemetry:credentials` would have in its place: by key, the text."""


def named_in(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield of which parts of `telemetry:credentials` settings name a Secret that exists already.

    By sections as they stand in a stack's file, however wrong they are.
    """
    if _at(settings, "grafana", "secret"):
        yield "grafana"
    for name in S3Secrets.model_fields:
        secret = _at(settings, "object_store", "secrets", name)
        if secret and _at(secret, "create") is not True:
            yield name


def setting(name: str) -> str:
    """Return the setting that names the Secret with a part of `telemetry:credentials`."""
    return "grafana.secret" if name == "grafana" else f"object_store.secrets.{name}"


def secrets(stack: "Stack") -> dict[str, LoginSecret | S3Secret]:
    """Return the Secrets that have parts of `telemetry:credentials`, by the part."""
    of_store = stack.object_store.secrets
    found: dict[str, LoginSecret | S3Secret | None] = {
        "grafana": stack.grafana.secret,
        **{name: of_store.existing(name) for name in ("provisioner", *stack.signals)},
    }
    return {name: secret for name, secret in found.items() if secret is not None}


def check(stack: "Stack") -> None:
    """Refuse an existing S3 Secret that is called as ours would be: where it takes our place, ours is removed."""
    for backend in stack.backends:
        if not backend.s3_secret.create and backend.s3_secret.name == backend.of.secret:
            raise SettingError(
                f"object_store.secrets.{backend.signal}",
                f"is {backend.of.secret}, as the program calls its own, which it removes where another is named; call "
                "the existing one otherwise",
            )


def of_program(name: str, environment: Mapping[str, str]) -> Parts | None:
    """Return what the program has of a part in a Secret: a provider's, from the environment; else nothing."""
    if name not in VARIABLES:
        return None
    return {part: environment.get(variable) or _UNSET for part, variable in VARIABLES[name].items()}


def in_secret(secret: LoginSecret | S3Secret, texts: Mapping[str, str]) -> Parts | None:
    """Return what a Secret with these texts, by key, has; None if something is missing."""
    found = {part: texts.get(key, "") for part, key in _keys(secret).items()}
    return found if all(found.values()) else None


def unset(stack: "Stack", environment: Mapping[str, str]) -> Iterator[str]:
    """Yield which variables are not set that Pulumi's providers need, and how each is taken from its Secret."""
    for name, secret in secrets(stack).items():
        keys = _keys(secret)
        for part, variable in VARIABLES.get(name, {}).items():
            if not environment.get(variable):
                template = f'{{{{index .data "{keys[part]}" | base64decode}}}}'
                found = f"kubectl get secret {secret.name} -n {stack.namespace.name} -o go-template='{template}'"
                yield (
                    f"telemetry:{setting(name)}: {variable} is not set where Pulumi runs, and its provider takes the "
                    f'secret from there; set it with: export {variable}="$({found})"'
                )


def _keys(secret: LoginSecret | S3Secret) -> dict[str, str]:
    """Return the keys of a Secret by what `telemetry:credentials` calls them."""
    if isinstance(secret, LoginSecret):
        return {"auth": secret.key}
    return {"access_key": secret.access_key, "secret_key": secret.secret_key}


def _at(settings: Any, *keys: str) -> Any:
    """Return what stands somewhere; None where nothing does."""
    for key in keys:
        settings = settings.get(key) if isinstance(settings, Mapping) else None
    return settings
