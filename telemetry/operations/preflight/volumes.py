"""Checks that SeaweedFS has free volumes for new buckets: without them every write ends with 500.

A bucket is a collection, and a collection has volumes of its own, which it takes at its first write.
"""

from collections.abc import Mapping
from typing import Any

import httpx

from telemetry.stack import Stack

_TIMEOUT_SECONDS = 10
_KEY = "telemetry:object_store.master_endpoint"


def check(stack: Stack) -> list[str]:
    """Return what stands in the way; nothing where the settings name no master."""
    master = stack.object_store.master_endpoint
    if master is None:
        return []
    try:
        answer = httpx.get(f"{master}/dir/status", timeout=_TIMEOUT_SECONDS)
        topology = answer.raise_for_status().json()["Topology"]
        free, writable = int(topology["Free"]), _writable(topology)
    except httpx.HTTPStatusError as error:
        return [f"{_KEY}: {master}/dir/status answered {error.response.status_code}; correct it, or remove it"]
    except httpx.HTTPError as error:
        return [f"{_KEY}: {master} does not answer ({type(error).__name__}); check the network and the address"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return [f"{_KEY}: {master} is no SeaweedFS master; it is the address with port 9333, or remove it"]
    return _short(stack, free, {each for each in stack.buckets if not _has_volumes(each, writable)})


def _writable(topology: Mapping[str, Any]) -> set[str]:
    """Return the collections that have a volume which can be written."""
    return {str(each["collection"]) for each in topology.get("Layouts") or () if each.get("writables")}


def _has_volumes(bucket: str, collections: set[str]) -> bool:
    """Whether a bucket is among collections; a filer group stands in front of its name."""
    return any(each == bucket or each.endswith(f"_{bucket}") for each in collections)


def _short(stack: Stack, free: int, new: set[str]) -> list[str]:
    growth = stack.object_store.volumes.growth
    if len(new) * growth <= free:
        return []
    names = ", ".join(sorted(new))
    return [
        f"{_KEY}: SeaweedFS has {free} free volumes, and buckets without any ({names}) take {len(new)} x {growth} = "
        f"{len(new) * growth} at their first writes, which would fail with 500; add volume servers or raise their -max "
        f"by {len(new) * growth - free}, or lower volume_growth on the master (telemetry:object_store.volumes.growth)"
    ]
