"""The inputs of resources that are about to be registered, as the engine would be sent them."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

import pulumi

from telemetry.engine.preview import UNKNOWN
from telemetry.engine.urn import RELEASE_TYPE
from telemetry.policies.model import SECRET, Registered

Seen = pulumi.ResourceTransformationArgs

_TURNS = 30
"""Turns of the event loop after which an output is taken to wait for a resource; those that do not need about 5."""
_SNAKE = re.compile(r"_([a-z0-9])")
_ACRONYMS = {
    "cluster_ip": "clusterIP",
    "cluster_ips": "clusterIPs",
    "host_ip": "hostIP",
    "host_ipc": "hostIPC",
    "host_pid": "hostPID",
}
_FREE = frozenset({"annotations", "binaryData", "data", "hard", "labels", "matchLabels", "nodeSelector", "stringData"})
"""Mappings whose keys are nobody's to spell: what is below them stays as it is."""
_VALUES = frozenset({"values"})


async def registered(seen: Iterable[Seen]) -> tuple[Registered, ...]:
    """Return the custom resources and providers among what has been constructed; no components.

    Secrets are masked, and what only a resource can tell is unknown. Nothing of it may be registered meanwhile.
    """
    return tuple([await _registered(each, protect=protect) for each, protect in _with_protection(seen)])


def _with_protection(seen: Iterable[Seen]) -> Iterator[tuple[Seen, bool]]:
    """Yield custom resources, and whether they or a parent say that they are protected; parents come first."""
    protected: dict[int, bool] = {}
    for each in seen:
        stated = each.opts.protect
        protect = protected.get(id(each.opts.parent), False) if stated is None else bool(stated)
        protected[id(each.resource)] = protect
        if isinstance(each.resource, pulumi.CustomResource):
            yield each, protect


async def _registered(each: Seen, *, protect: bool) -> Registered:
    free = _FREE | _VALUES if each.type_ == RELEASE_TYPE else _FREE
    return Registered(
        each.type_,
        each.name,
        await plain(dict(_items(each.props)), free),
        explicit_provider=each.resource.get_provider(each.type_) is not None,
        protect=protect,
        retain_on_delete=bool(each.opts.retain_on_delete),
    )


async def plain(value: Any, free: frozenset[str] = _FREE, *, spelled: bool = False) -> Any:
    """Return an input as plain values.

    Args:
        value: the input: scalars, lists, mappings, typed arguments and outputs.
        free: what mappings are called whose keys stay as they are.
        spelled: whether the input is below such a mapping.
    """
    if isinstance(value, pulumi.Output):
        return await _of_output(value, free, spelled=spelled)
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list | tuple):
        return [await plain(each, free, spelled=spelled) for each in value]
    named = [(key if spelled else _camel(key), inner) for key, inner in _items(value) if spelled or inner is not None]
    return {key: await plain(inner, free, spelled=spelled or key in free) for key, inner in named}


async def _of_output(output: pulumi.Output[Any], free: frozenset[str], *, spelled: bool) -> Any:
    """Return what an output holds, or that it is a secret, or that it is not known before something is registered."""

    async def settled() -> Any:
        if await output.is_secret():
            return SECRET
        if not await output.is_known():
            return UNKNOWN
        return await plain(await output.future(with_unknowns=True), free, spelled=spelled)

    reading = asyncio.ensure_future(settled())  # never cancelled: that would cancel what others wait for
    for _ in range(_TURNS):
        if reading.done():
            return reading.result()
        await asyncio.sleep(0)
    return UNKNOWN


def _items(value: Any) -> Iterable[tuple[str, Any]]:
    """Return the entries of a mapping, or of what the SDK keeps typed arguments in."""
    found: Mapping[str, Any] = value if isinstance(value, Mapping) else vars(value)
    return found.items()


def _camel(key: str) -> str:
    return _ACRONYMS.get(key) or _SNAKE.sub(lambda match: match[1].upper(), key)
