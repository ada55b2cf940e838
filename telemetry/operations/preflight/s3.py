"""Checks that SeaweedFS answers, and knows our identities."""

from collections.abc import Iterator, Mapping
from contextlib import suppress

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from telemetry.clients import trust
from telemetry.clients.kubernetes import ClusterError
from telemetry.clients.s3 import NotS3Error, connect
from telemetry.config.credentials import Credentials, S3Identity, S3Key
from telemetry.config.object_store import ObjectStore
from telemetry.config.targets import pulumi_config
from telemetry.config.trust import Trust
from telemetry.stack import Stack, decrypted

_HOW_TO_CHANGE = "docs/object-store.md, 'Another key'"
_ELSEWHERE, _AILING = "check the network and the address", "try again, or look at its log"
_SERVER_ERROR = 500


class _NoS3Error(Exception):
    """No working S3 server answers; the text says why."""

    def __init__(self, why: str, advice: str = _ELSEWHERE) -> None:
        self.advice = advice
        super().__init__(why)


def check_all(stack: Stack, credentials: Credentials) -> list[str]:
    """Return what stands in the way of any identity of a stack, as far as the cluster shows those of its Secrets."""
    identities = credentials.identities(stack.signals) | dict(_existing(stack))
    return check(stack, identities)


def check(stack: Stack, identities: Mapping[str, S3Identity]) -> list[str]:
    """Return what stands in the way; identities are by their place in `telemetry:credentials`."""
    try:
        return [line for name, identity in identities.items() for line in _refused(stack, name, identity)]
    except _NoS3Error as error:
        where = f"telemetry:object_store.provisioning_endpoint: {stack.object_store.provisioning_endpoint}"
        return [f"{where} does not answer S3 ({error}); {error.advice}"]


def _existing(stack: Stack) -> Iterator[tuple[str, S3Identity]]:
    """Yield backends' identities that Secrets have; where nobody answers, `cluster.check` tells."""
    for name in stack.signals:
        if stack.object_store.secrets.existing(name) is None:
            continue
        with suppress(ClusterError, ValidationError):
            if (pair := decrypted.read(stack, name)) is not None:
                yield name, S3Identity.model_validate(pair)


def _refused(stack: Stack, name: str, identity: S3Identity) -> Iterator[str]:
    """Yield what is wrong with an identity: while its key is being changed, the server must know both pairs."""
    store, path = stack.object_store, f"telemetry:credentials.{name}"
    server = store.provisioning_endpoint
    code, *before = [_refusal(store, pair, stack.trust) for pair in identity.pairs]
    if (secret := store.secrets.existing(name)) is not None:
        if code is not None:
            where = "what AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY hold" if name == "provisioner" else "the key pair"
            yield (
                f"telemetry:object_store.secrets.{name}: {server} refused {where} of Secret {secret.name} ({code}); "
                f"put a pair there that the server knows ({_HOW_TO_CHANGE})"
            )
    elif code is not None and before == [None]:
        yield (
            f"{path}: {server} knows only the key before ({code}); first let it know both, with: "
            f"python -m telemetry identities ({_HOW_TO_CHANGE}, step 3)"
        )
    elif code is not None:
        to_set = pulumi_config("set", stack.environment)
        yield (
            f"{path}: {server} refused it ({code}); set it again with: {to_set} --secret --path {path}.…, "
            f"or if the key is a new one, first let the server know it ({_HOW_TO_CHANGE})"
        )
    elif any(before):
        to_remove = pulumi_config("rm", stack.environment)
        yield (
            f"{path}.previous: {server} refused it ({before[0]}), but pods use it until `up` is done; let the server "
            f"know both keys ({_HOW_TO_CHANGE}, step 3), or if no pod uses it: {to_remove} --path {path}.previous"
        )


def _refusal(store: ObjectStore, pair: S3Key, trusted: Trust) -> str | None:
    """Return the code with which a key is refused; None if it is not.

    Raises:
        _NoS3Error: no S3 server answers.
    """
    try:
        connect(store, pair, trusted).list_buckets()
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status not in (401, 403):
            raise _NoS3Error(f"it answered {status}", _AILING if status >= _SERVER_ERROR else _ELSEWHERE) from error
        return str(error.response["Error"]["Code"])
    except BotoCoreError as error:
        if certificate := trust.distrusted(error):
            raise _NoS3Error(f"its certificate is not trusted: {certificate}", trust.MEND) from error
        raise _NoS3Error(type(error).__name__) from error
    except NotS3Error as error:
        raise _NoS3Error(str(error)) from error
    return None
