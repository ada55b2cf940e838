"""Measures what stacks cost beside each other: up to ten of dev's settings on one cluster, object store and Grafana."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from rich.console import Console

from sandbox.scale.tenants import STACK, Place, Site, with_tenants, world
from telemetry.stack import file as stack_file

COUNTS = (1, 3, 10)


@dataclass(frozen=True)
class Cost:
    """What so many stacks take. Times are in seconds."""

    stacks: int
    preview: float
    """Of the last one, when it is not there yet."""
    up: float
    """Of the last one."""
    up_of_all: float
    """Of every one, when it was made, added up."""
    no_change_of_all: float
    """Of a preview of every one that finds none, added up."""
    state: int
    """Bytes of all checkpoints."""
    engine: int
    """Bytes that an engine had resident at most: each run is of one stack."""
    program: int


def measure(console: Console) -> list[Cost]:
    """Return what each number of stacks costs."""
    costs, sites, ups = list[Cost](), list[Site](), list[float]()
    with world() as place:
        for number in range(1, max(COUNTS) + 1):
            sites.append(_site(place, number))
            preview, up = sites[-1].pulumi("preview"), sites[-1].up()
            ups.append(up.seconds)
            if number not in COUNTS:
                continue
            console.print(f"{number} stacks …")
            again = [site.pulumi("preview") for site in sites]
            runs = (preview, up, *again)
            costs.append(
                Cost(
                    stacks=number,
                    preview=preview.seconds,
                    up=up.seconds,
                    up_of_all=sum(ups),
                    no_change_of_all=sum(each.seconds for each in again),
                    state=sum(site.state() for site in sites),
                    engine=max(each.engine for each in runs),
                    program=max(each.program for each in runs),
                )
            )
    return costs


def _site(place: Place, number: int) -> Site:
    """Return a new stack, whose Grafana organisation is its own."""
    connections = place.connections
    user, _, password = connections.grafana_auth.get_secret_value().partition(":")
    answer = httpx.post(f"{connections.grafana_url}/api/orgs", json={"name": f"Stack {number}"}, auth=(user, password))
    organisation = int(answer.raise_for_status().json()["orgId"])
    site = place.site(f"engine-{number}")
    site.engine.change(STACK, lambda config: config.update(apart(config, number, organisation)))
    return site


def apart(config: Mapping[str, Any], number: int, organisation: int) -> dict[str, Any]:
    """Return what a stack's config has otherwise, so that it shares nothing with others: it has one tenant."""
    one = with_tenants(config, 1)
    tenants, namespace = one["telemetry:tenants"], config["telemetry:namespace"]
    buckets = {
        f"telemetry:{backend.signal}": {
            **config[f"telemetry:{backend.signal}"],
            "buckets": {use: f"{name.rpartition('-')[2]}-{number}" for use, name in backend.buckets.items()},
        }
        for backend in stack_file.load(STACK).backends
    }
    return {
        **one,
        **buckets,
        "telemetry:tenants": [{**each, "grafana_org": organisation} for each in tenants],
        "telemetry:gateway": {**one["telemetry:gateway"], "federation": {"grafana_org": organisation}},
        "telemetry:namespace": {**namespace, "name": f"{namespace['name']}-{number}"},
    }
