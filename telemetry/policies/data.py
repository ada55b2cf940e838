"""Rules about data, secrets and providers."""

from collections.abc import Iterator, Mapping
from typing import Any

from telemetry.config.object_store import ObjectStore
from telemetry.config.seaweedfs import FEATURES, Feature, Version, parse_version, version_text
from telemetry.engine.preview import UNKNOWN
from telemetry.policies.model import SECRET, Breach, Registered, World
from telemetry.redaction.forms import Forms
from telemetry.redaction.patterns import is_unmistakable
from telemetry.stack.buckets import shortest_expiries
from telemetry.stack.named_secrets import named_secrets

BUCKET = "aws:s3/bucket:Bucket"
_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
_LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
_ENGINES_OWN = "pulumi:"
_TRANSITIONS = ("transitions", "noncurrentVersionTransitions")
_SECRET = "kubernetes:core/v1:Secret"  # noqa: S105 - a type's name
_SECRET_FIELDS: Mapping[str, tuple[str, ...]] = {
    _SECRET: ("data", "stringData"),
    "grafana:oss/dataSource:DataSource": ("secureJsonDataEncoded", "httpHeaders", "basicAuthPassword"),
    "pulumi:providers:aws": ("accessKey", "secretKey", "token"),
    "pulumi:providers:grafana": ("auth",),
}
"""Inputs that hold nothing but secrets, by type."""
_SHORTEST = 8
"""Characters of a form of a secret; a shorter one could be part of any word."""


def data_is_protected(world: World) -> Iterator[Breach]:
    """Yield buckets that would not outlive a destroy, a removal or a replacement, where they must."""
    if not world.stack.protects_buckets:
        return
    for each in (each for each in world.registered if each.type == BUCKET):
        if not each.protect:
            yield Breach(each.title, "protect", "false")
        if each.retain_on_delete is False:
            yield Breach(each.title, "retainOnDelete", "false")
        if str(each.inputs.get("forceDestroy", False)).lower() == "true":
            yield Breach(each.title, "forceDestroy", "true")


def expiry_is_behind_retention(world: World) -> Iterator[Breach]:
    """Yield lifecycle rules that delete what a compactor keeps, or what none ever deletes, such as alert rules."""
    shortest = shortest_expiries(world.stack)
    for each in (each for each in world.registered if each.type == _LIFECYCLE):
        least = shortest.get(each.name)
        for index, rule in enumerate(each.inputs.get("rules") or ()):
            expiration = rule.get("expiration") if isinstance(rule, Mapping) else None
            if not isinstance(expiration, Mapping):
                continue
            days = expiration.get("days", 0)
            if least is None or (days != UNKNOWN and days < least):
                allowed = "none: no compactor empties this bucket" if least is None else f"at least {least} days"
                yield Breach(each.title, f"rules[{index}].expiration", _stated(expiration), allowed)


def volumes_are_retained(world: World) -> Iterator[Breach]:
    """Yield StatefulSets whose volume claims go with them or with their last pods."""
    for each in world.manifests:
        policy = (each.object.get("spec") or {}).get("persistentVolumeClaimRetentionPolicy")
        if each.kind != "StatefulSet" or not isinstance(policy, Mapping):
            continue
        for when in ("whenDeleted", "whenScaled"):
            if policy.get(when) == "Delete":
                yield Breach(each.title, f"spec.persistentVolumeClaimRetentionPolicy.{when}", "Delete")


def secrets_are_encrypted(world: World) -> Iterator[Breach]:
    """Yield secret inputs that would stand in the state in plain text, and every plain copy of a secret.

    Known ones are found however they are written; of others, what can be nothing else: a private key, a token by form.
    """
    forms = Forms(world.secrets, shortest=_SHORTEST)
    for each in world.registered:
        fields = _SECRET_FIELDS.get(_kind(each), ())
        paths = dict.fromkeys(path for field in fields for path in _plain(each.inputs.get(field), field))
        paths |= dict.fromkeys(_copies(each.inputs, "", forms))
        if each.type == "pulumi:providers:kubernetes" and _is_content(each.inputs.get("kubeconfig")):
            paths["kubeconfig"] = None
        for path in paths:
            yield Breach(each.title, path, "plain text")


def secrets_have_one_maker(world: World) -> Iterator[Breach]:
    """Yield Secrets that the program makes although the settings have them exist already, or made by an operator."""
    others = {each.name for each in named_secrets(world.stack) if each.namespace is None}
    if world.stack.external_secrets is not None:
        others |= world.stack.external_secrets.secrets.keys()
    for each in world.registered:
        if _kind(each) == _SECRET and each.name in others:
            yield Breach(each.title, "metadata.name", each.name)


def no_secrets_in_releases(world: World) -> Iterator[Breach]:
    """Yield Secrets that a chart makes, since what it makes them of are values."""
    for each in (each for each in world.manifests if each.release):
        if each.kind == "Secret" and (each.object.get("data") or each.object.get("stringData")):
            yield Breach(each.title, "", f"made by release {each.release}")


def providers_are_explicit(world: World) -> Iterator[Breach]:
    """Yield resources that are left to a default provider, which takes what it finds on the machine.

    The engine's own have none: providers, and references to other stacks.
    """
    for each in world.registered:
        if not each.explicit_provider and not each.type.startswith(_ENGINES_OWN):
            yield Breach(each.title, "provider", "a default provider")


def seaweedfs_has_the_features(world: World) -> Iterator[Breach]:
    """Yield what the stack's SeaweedFS does not have, or would accept and then not do."""
    store = world.stack.object_store
    version = parse_version(store.seaweedfs_version)
    for each in world.registered:
        if each.type.startswith("aws:"):
            yield from _unsupported(each, version, store)


def _unsupported(each: Registered, version: Version, store: ObjectStore) -> Iterator[Breach]:
    features = {feature.resource: feature for feature in FEATURES}
    feature = features.get(each.type)
    if feature is None or not _has(feature, version):
        yield Breach(each.title, "", "registered", _since(feature))
    if each.type == BUCKET and each.inputs.get("tags") and not _has(features[f"{BUCKET}.tags"], version):
        yield Breach(each.title, "tags", "set", _since(features[f"{BUCKET}.tags"]))
    if each.type == _ENCRYPTION and not store.sse_key_configured:
        yield Breach(each.title, "", "registered", "only with telemetry:object_store.sse_key_configured")
    if each.type == _LIFECYCLE:
        for index, rule in enumerate(each.inputs.get("rules") or ()):
            for what in (what for what in _TRANSITIONS if isinstance(rule, Mapping) and rule.get(what)):
                yield Breach(each.title, f"rules[{index}].{what}", "set", "none: no SeaweedFS has it")
            expiration = features[f"{_LIFECYCLE}.expiration"]
            if isinstance(rule, Mapping) and rule.get("expiration") and not _has(expiration, version):
                yield Breach(each.title, f"rules[{index}].expiration", "set", _since(expiration))


def _stated(expiration: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in expiration.items())


def _has(feature: Feature, version: Version) -> bool:
    return feature.since is not None and version >= feature.since


def _since(feature: Feature | None) -> str:
    if feature is None:
        return "the resources in config/seaweedfs.py"
    return "none: no SeaweedFS has it" if feature.since is None else f"from SeaweedFS {version_text(feature.since)} on"


def _kind(it: Registered) -> str:
    """Return a resource's type; a Secret is one under whatever type it is registered."""
    return _SECRET if it.is_manifest and it.inputs.get("kind") == "Secret" else it.type


def _copies(value: Any, path: str, forms: Forms) -> Iterator[str]:
    """Yield where one of the secrets stands in plain text."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _copies(inner, f"{path}.{key}" if path else str(key), forms)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _copies(inner, f"{path}[{index}]", forms)
    elif isinstance(value, str) and (is_unmistakable(value) or forms.in_text(value)):
        yield path


def _plain(value: Any, path: str) -> Iterator[str]:
    """Yield where a value is plain text."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _plain(inner, f"{path}.{key}")
    elif value not in (None, "", SECRET, UNKNOWN):
        yield path


def _is_content(kubeconfig: Any) -> bool:
    """Whether a kubeconfig is one, and not the path of one."""
    return isinstance(kubeconfig, str) and ("\n" in kubeconfig or kubeconfig.lstrip().startswith("{"))
