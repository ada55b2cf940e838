"""Real Prometheus and Thanos processes on what their releases have, each at an address of loopback of its own.

The cluster's pods do not run (kwok only says so), so the programs are started here with the very arguments of the
charts' containers. Only addresses, directories and whom to ask are given anew; what is said of retention, replicas,
tenants and limits is untouched.
"""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml

from sandbox.readiness import await_ready

HTTP, GRPC, PUSH, CAPNPROTO, PROMETHEUS_HTTP = 10_902, 10_901, 19_291, 19_391, 9_090
_SECONDS_TO_START, _SECONDS_TO_END = 60, 60
_OURS = (
    "--alertmanagers.config-file",
    "--cluster.",
    "--config.file",
    "--data-dir",
    "--endpoint",
    "--grpc-address",
    "--http-address",
    "--objstore.config",
    "--prometheus.url",
    "--query=",
    "--receive.hashrings-file",
    "--receive.limits-config-file",
    "--receive.local-endpoint",
    "--remote-write.address",
    "--rule-file",
    "--storage.path",
    "--storage.tsdb.path",
    "--tsdb.path",
    "--wait",
    "--web.console",
)
"""How arguments begin that say where something is."""


@dataclass(frozen=True)
class Programs:
    """The executables."""

    thanos: Path
    prometheus: Path


@dataclass(frozen=True)
class Deployed:
    """What the releases have."""

    containers: Mapping[str, Sequence[str]]
    """Arguments by the name of the container."""
    prometheus: Mapping[str, Any]
    """Prometheus' configuration."""
    objstore: str
    """The way to the bucket."""
    environment: Mapping[str, str]
    """The S3 key, as pods have it."""
    limits: str = ""
    """Receive's file of limits; empty without one."""
    rules: Mapping[str, str] = field(default_factory=dict)
    """The ruler's files of rules."""
    alertmanager: str = ""
    """Alertmanager's configuration."""


@dataclass(frozen=True)
class Member:
    """A running process."""

    name: str
    address: str
    directory: Path
    process: "subprocess.Popen[bytes]"
    port: int = HTTP

    @property
    def url(self) -> str:
        """Where it speaks HTTP."""
        return f"http://{self.address}:{self.port}"

    @property
    def grpc(self) -> str:
        """Where it is asked as a store."""
        return f"{self.address}:{GRPC}"

    def end(self) -> None:
        """End it as Kubernetes does, and wait until it has uploaded what it holds."""
        self.process.terminate()
        try:
            self.process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.lose()

    def lose(self) -> None:
        """End it as a lost node does."""
        self.process.kill()
        self.process.wait()


def deployed(objects: Sequence[Mapping[str, Any]], environment: Mapping[str, str], **files: Any) -> Deployed:
    """Return what the releases have, of the objects that their charts make, and `limits` and `rules` beside them."""
    pods = [each["spec"]["template"]["spec"] for each in objects if each["kind"] in ("Deployment", "StatefulSet")]
    containers = {each["name"]: each.get("args", []) for pod in pods for each in pod["containers"]}
    maps = [each.get("data") or {} for each in objects if each["kind"] == "ConfigMap"]
    prometheus, alertmanager = (
        next(found[name] for found in maps if name in found) for name in ("prometheus.yml", "alertmanager.yml")
    )
    sidecar = containers["thanos-sidecar"]
    objstore = next(each.partition("=")[2] for each in sidecar if each.startswith("--objstore.config="))
    return Deployed(containers, yaml.safe_load(prometheus), objstore, environment, alertmanager=alertmanager, **files)


@dataclass(frozen=True)
class Site:
    """Where processes are started."""

    of: Deployed
    programs: Programs
    directory: Path

    def prometheus(self, name: str, address: str, targets: Mapping[str, Sequence[str]]) -> "subprocess.Popen[bytes]":
        """Start a Prometheus whose jobs scrape these targets every second, in place of names of the cluster.

        Targets are by what a job's name ends with; jobs without any are left out.
        """
        own = self._own(name)
        jobs = [(job, targets.get(job["job_name"].rpartition("/")[2])) for job in self.of.prometheus["scrape_configs"]]
        moved = [_moved(job, found) for job, found in jobs if found]
        config = {**self.of.prometheus, "scrape_configs": moved, "rule_files": [], "alerting": {}}
        config["global"] = {**config["global"], "scrape_interval": "1s", "scrape_timeout": "1s"}
        (own / "prometheus.yml").write_text(yaml.safe_dump(config))
        arguments = [
            *self._kept("prometheus-server"),
            f"--config.file={own / 'prometheus.yml'}",
            f"--storage.tsdb.path={own / 'data'}",
            f"--web.listen-address={address}:{PROMETHEUS_HTTP}",
        ]
        return self._start(own, [str(self.programs.prometheus), *arguments], name)

    def thanos(self, container: str, name: str, *more: str) -> "subprocess.Popen[bytes]":
        """Start a role of Thanos with its chart's arguments, and with these."""
        own = self._own(name)
        bucket = (
            () if container in ("thanos-query", "thanos-receive-router") else (f"--objstore.config={self.of.objstore}",)
        )
        arguments = [each.replace("$(NAME)", name) for each in self._kept(container)]
        return self._start(own, [str(self.programs.thanos), *arguments, *bucket, *more], name)

    def alertmanager(self, program: Path, name: str, *more: str) -> "subprocess.Popen[bytes]":
        """Start an Alertmanager with its chart's arguments, and with these."""
        return self._start(self._own(name), [str(program), *self._kept("alertmanager"), *more], name)

    def run(self, container: str, name: str, *more: str) -> str:
        """Run a role of Thanos to its end, and return what it wrote. RuntimeError if it fails."""
        process = self.thanos(container, name, *more)
        if process.wait(_SECONDS_TO_END) != 0:
            raise RuntimeError(f"{name} failed:\n{self.log(name)}")
        return self.log(name)

    def log(self, name: str) -> str:
        """Return what a process has written."""
        return (self.directory / name / "log").read_text()

    def _own(self, name: str) -> Path:
        own = self.directory / name
        (own / "data").mkdir(parents=True, exist_ok=True)
        return own

    def _kept(self, container: str) -> list[str]:
        return [each for each in self.of.containers[container] if not each.startswith(_OURS)]

    def _start(self, own: Path, command: Sequence[str], name: str) -> "subprocess.Popen[bytes]":
        environment = {**os.environ, **self.of.environment, "POD_NAME": name, "NAME": name}
        with (own / "log").open("a") as log:
            return subprocess.Popen(command, cwd=own, env=environment, stdout=log, stderr=log)


def _moved(job: Mapping[str, Any], targets: Sequence[str]) -> dict[str, Any]:
    """Return a job that scrapes other targets, each with the labels of a pod that it takes the place of."""
    labels = [each["labels"] for each in job.get("static_configs", ())]
    found = [{"targets": [each], "labels": own or {}} for each, own in zip_longest(targets, labels) if each]
    return {**{key: value for key, value in job.items() if key != "dns_sd_configs"}, "static_configs": found}


@contextmanager
def running(
    site: Site, name: str, address: str, process: "subprocess.Popen[bytes]", port: int = HTTP
) -> Iterator[Member]:
    """Yield a process once it is ready, and end it with the block."""
    member = Member(name, address, site.directory / name, process, port)
    try:
        url = f"{member.url}/-/ready"
        await_ready(process, url, name, member.directory / "log", seconds=_SECONDS_TO_START, client=None)
        yield member
    finally:
        if process.poll() is None:
            member.lose()


@contextmanager
def prometheus(
    site: Site, name: str, address: str, targets: Mapping[str, Sequence[str]]
) -> Iterator[tuple[Member, Member]]:
    """Run a Prometheus and the sidecar of its pod."""
    process = site.prometheus(name, address, targets)
    with running(site, name, address, process, PROMETHEUS_HTTP) as server:
        asks = (f"--prometheus.url={server.url}", f"--tsdb.path={server.directory / 'data'}")
        with _role(site, "thanos-sidecar", f"{name}-sidecar", address, *asks) as beside:
            yield server, beside


def ingestor(site: Site, name: str, address: str) -> AbstractContextManager[Member]:
    """Run an ingestor of Receive."""
    return _role(
        site,
        "thanos-receive-ingestor",
        name,
        address,
        f"--tsdb.path={site.directory / name / 'data'}",
        f"--receive.local-endpoint={address}:{GRPC}",
        f"--receive.capnproto-address={address}:{CAPNPROTO}",
        f"--remote-write.address={address}:{PUSH}",
    )


def router(site: Site, name: str, address: str, at: str, ingestors: Sequence[Member]) -> AbstractContextManager[Member]:
    """Run a router of Receive, which takes samples at another address than that of its metrics."""
    ring = [{"hashring": "default", "tenants": [], "endpoints": [each.grpc for each in ingestors]}]
    file = site.directory / f"{name}-ring.json"
    file.write_text(json.dumps(ring))
    limits = site.directory / f"{name}-limits.yaml"
    limits.write_text(site.of.limits)
    return _role(
        site,
        "thanos-receive-router",
        name,
        address,
        f"--receive.hashrings-file={file}",
        f"--receive.capnproto-address={address}:{CAPNPROTO}",
        f"--remote-write.address={at}:{PUSH}",
        *([f"--receive.limits-config-file={limits}"] if site.of.limits else []),
    )


def store(site: Site, name: str, address: str) -> AbstractContextManager[Member]:
    """Run a store gateway, which looks for new blocks every second."""
    data = site.directory / name / "data"
    return _role(site, "thanos-store-gateway", name, address, f"--data-dir={data}", "--sync-block-duration=1s")


def query(site: Site, name: str, address: str, stores: Sequence[Member]) -> AbstractContextManager[Member]:
    """Run a Query over these stores."""
    return _role(site, "thanos-query", name, address, *(f"--endpoint={each.grpc}" for each in stores))


def rule(site: Site, name: str, address: str, queries: Sequence[str], *more: str) -> AbstractContextManager[Member]:
    """Run a ruler, which asks these addresses of Query; `more` are arguments, such as whom it tells of alerts."""
    folder = site.directory / f"{name}-rules"
    folder.mkdir()
    for file, text in site.of.rules.items():
        (folder / file).write_text(text)
    return _role(
        site,
        "thanos-rule",
        name,
        address,
        f"--data-dir={site.directory / name / 'data'}",
        f"--rule-file={folder}/*.yaml",
        *(f"--query={each}:{HTTP}" for each in queries),
        *more,
    )


def compactor(site: Site, name: str, address: str) -> AbstractContextManager[Member]:
    """Run a compactor that goes on looking for something to do."""
    data = site.directory / name / "data"
    return _role(site, "thanos-compact", name, address, "--wait", f"--data-dir={data}")


@contextmanager
def _role(site: Site, container: str, name: str, address: str, *more: str) -> Iterator[Member]:
    """Run a role of Thanos at an address; the compactor has no gRPC."""
    grpc = () if container == "thanos-compact" else (f"--grpc-address={address}:{GRPC}",)
    process = site.thanos(container, name, *more, f"--http-address={address}:{HTTP}", *grpc)
    with running(site, name, address, process) as member:
        yield member
