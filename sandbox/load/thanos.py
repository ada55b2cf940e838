"""Thanos under load: ingestors of Receive behind a router, Query over them and a Store, with a folder for the bucket.

What does not take or answer requests of tenants does not run: Prometheus, compactor, ruler, Alertmanager.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sandbox import thanos
from sandbox.gateway.loopback import Network
from sandbox.load.backend import Backend, Running
from sandbox.toolchain import Toolchain
from sandbox.toolchain.catalog import KUBERNETES_VERSION
from telemetry.backends.thanos.sizing import MEASURED
from telemetry.backends.thanos.starter import starter
from telemetry.clients.cli_tools import Helm
from telemetry.kubernetes.manifests import documents
from telemetry.stack import Stack


@contextmanager
def _open(tools: Toolchain, settings: Stack, net: Network, replicas: int, directory: Path) -> Iterator[Running]:
    programs = thanos.Programs(tools.path("thanos"), tools.path("prometheus"))
    site = thanos.Site(_deployed(tools, settings, directory / "bucket"), programs, directory)
    asked = net.address()
    with ExitStack() as opened:
        ingestors = [
            opened.enter_context(thanos.ingestor(site, f"ingestor-{number}", net.address()))
            for number in range(replicas)
        ]
        router = opened.enter_context(thanos.router(site, "router", net.address(), asked, ingestors))
        store = opened.enter_context(thanos.store(site, "store", net.address()))
        query = opened.enter_context(thanos.query(site, "query", asked, [*ingestors, store]))
        parts = {"receive": (*ingestors, router), "query": (query, store)}
        yield Running([asked], {part: [each.process.pid for each in members] for part, members in parts.items()})


def _deployed(tools: Toolchain, settings: Stack, bucket: Path) -> thanos.Deployed:
    """Return what the stand-in charts make of the settings, with a folder in place of the bucket."""
    helm = Helm(None, None, settings.namespace.name, program=str(tools.path("helm")))
    objects = [
        each
        for release in settings.backend("metrics").releases
        for each in documents(
            helm.template(
                release.name,
                f"./sandbox/charts/{release.chart.name}",
                version=None,
                repository=None,
                values=release.values,
                kube_version=KUBERNETES_VERSION,
            )
        )
        if each
    ]
    objstore = {"type": "FILESYSTEM", "config": {"directory": str(bucket)}}
    return replace(thanos.deployed(objects, {}), objstore=json.dumps(objstore))


def _settings(replicas: int) -> Mapping[str, Any]:
    copies = {"replication_factor": replicas, "accept_no_failure_tolerance": True}
    metrics = starter("dev") | copies | {"roles": {"receive-ingestor": {"replicas": replicas}}}
    return {"metrics": metrics, "monitoring": {"rules": "prometheus-rule"}}  # nobody's ruler, which would want a tenant


def _described(replicas: int) -> str:
    ingestors = "1 ingestor" if replicas == 1 else f"{replicas} ingestors, each with every series,"
    return f"{ingestors} of Thanos' Receive, a router, Query and a Store"


THANOS = Backend(
    name="thanos",
    title="Thanos",
    tools=("thanos", "prometheus", "helm"),
    measurements=MEASURED,
    open=_open,
    described=_described,
    settings=_settings,
    gateway={"federation": None},  # Query answers for one tenant at a time
)
