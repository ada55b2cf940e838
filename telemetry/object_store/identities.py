"""Who may do what in SeaweedFS: an identity per backend for its own buckets, and one that makes buckets.

An action holds for everything in the bucket that is named behind it (`Write:dts-traces-prod-blocks`), and without one
for the whole server. `Admin` without one is the server's administrator, for whom SeaweedFS makes a bucket out of every
mistyped name; with one it is no more than every action on that bucket, its creation and its policy among them
(weed/s3api/auth_credentials.go, in 4.44 and in 4.53).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from telemetry.config.credentials import S3Identity
from telemetry.stack import Stack

_PLAIN = re.compile(r"[\w.,:/+=@%^~#*?${}()\[\]<>|&!-]+", re.ASCII)
"""Text that no version of `weed shell` splits or changes."""
_QUOTES = "'\""
_BACKEND = ("Read", "Write", "List", "Tagging")
_PROVISIONER = ("Admin",)  # SeaweedFS has no smaller right with which a bucket can be made


@dataclass(frozen=True)
class Identity:
    """One identity: its name in SeaweedFS, what it may do, and in which buckets; none means in all."""

    name: str
    verbs: tuple[str, ...]
    buckets: tuple[str, ...]

    @property
    def actions(self) -> list[str]:
        """The actions as SeaweedFS writes them."""
        if not self.buckets:
            return list(self.verbs)
        return [f"{verb}:{bucket}" for bucket in self.buckets for verb in self.verbs]


def backend(name: str, buckets: Iterable[str]) -> Identity:
    """Return the identity of a backend: full use of the objects in these buckets, and nothing else."""
    return Identity(name, _BACKEND, _some(buckets))


def provisioner(name: str, buckets: Iterable[str]) -> Identity:
    """Return the identity that makes these buckets and sets their policies."""
    return Identity(name, _PROVISIONER, _some(buckets))


def identities_of(stack: Stack) -> dict[str, Identity]:
    """Return the identities of a stack, by their place in `telemetry:credentials`.

    Their names have the environment in them: test and prod share a server.
    """
    prefix = f"telemetry-{stack.environment}"
    return {
        "provisioner": provisioner(f"{prefix}-provisioner", stack.buckets),
        **{each.signal: backend(f"{prefix}-{each.signal}", each.buckets.values()) for each in stack.backends},
    }


def placeholder(identity: Identity, *, changing: bool = False) -> S3Identity:
    """Return `${VAR}` in place of keys: SeaweedFS resolves it from 4.44 on, envsubst and a here-document do always.

    While a key is `changing`, there are two pairs of them.
    """
    variable = identity.name.upper().replace("-", "_")

    def pair(name: str) -> dict[str, str]:
        return {key: f"${{{name}_{key.upper()}}}" for key in ("access_key", "secret_key")}

    previous = {"previous": pair(f"{variable}_PREVIOUS")} if changing else {}
    return S3Identity.model_validate(pair(variable) | previous)


def check_file_keys(keyed: Iterable[tuple[Identity, S3Identity]]) -> None:
    """Refuse keys that SeaweedFS would take for placeholders in its file (ValueError): it would know others."""
    for identity, keys in keyed:
        for pair in keys.pairs:
            if any("${" in each.get_secret_value() for each in (pair.access_key, pair.secret_key)):
                raise ValueError(
                    f"a key of {identity.name} has `${{`, which SeaweedFS fills in from its environment when it reads "
                    "s3.json; use another key"
                )


def configuration(keyed: Iterable[tuple[Identity, S3Identity]]) -> dict[str, Any]:
    """Return the content of SeaweedFS's `s3.json`, keys included: it is a secret unless they are placeholders."""
    return {
        "identities": [
            {
                "name": identity.name,
                "credentials": [
                    {
                        "accessKey": pair.access_key.get_secret_value(),
                        "secretKey": pair.secret_key.get_secret_value(),
                    }
                    for pair in keys.pairs
                ],
                "actions": identity.actions,
            }
            for identity, keys in keyed
        ]
    }


def shell_commands(keyed: Iterable[tuple[Identity, S3Identity]]) -> list[str]:
    """Return the lines for `weed shell` that say the same to a server without such a file.

    They add and never take away; keys of an identity that exists are added to those it has.

    Raises:
        ValueError: `weed shell` has no way to write a key; says whose, and never the key.
    """
    return [
        " ".join(
            (
                f"s3.configure -user={identity.name}",
                _argument(identity, "access_key", pair.access_key.get_secret_value()),
                _argument(identity, "secret_key", pair.secret_key.get_secret_value()),
                f"-buckets={','.join(identity.buckets)} -actions={','.join(identity.verbs)} -apply",
            )
        )
        for identity, keys in keyed
        for pair in keys.pairs
    ]


def _argument(identity: Identity, name: str, value: str) -> str:
    """Return an argument that `weed shell` takes for what it is, quoted whole where it has to be.

    Its older versions know no escapes and take quotes off both ends; newer ones read as a POSIX shell does. Both end a
    command at a semicolon, quoted or not.
    """
    if _PLAIN.fullmatch(value):
        return f"-{name}={value}"
    quote = next((each for each in "'\"" if each not in value), None)
    if ";" in value or quote is None or value[-1] in _QUOTES or (quote == '"' and "\\" in value):
        raise ValueError(
            f"{name} of {identity.name}: `weed shell` cannot be given it, since it ends a command at a semicolon and "
            "has no way to write both kinds of quotes, or one at the end; use s3.json, or another key"
        )
    return f"{quote}-{name}={value}{quote}"


def _some(buckets: Iterable[str]) -> tuple[str, ...]:
    """Refuse an identity for no bucket: without one its actions would hold for the whole server."""
    named = tuple(buckets)
    if not named or not all(named) or any(set(name) & set("*?/:,") for name in named):
        raise ValueError(f"an identity needs the full names of its buckets, not {list(named)}")
    return named
