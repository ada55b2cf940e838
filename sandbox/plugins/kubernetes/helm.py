"""Part of the kubernetes stand-in: the `helm` command, in place of the Helm library inside the real provider."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import tempfile
import threading
from typing import Any, Final

from sandbox.plugins.base import ProviderError
from sandbox.plugins.kubernetes.kubeconfig import KubeConfig
from sandbox.plugins.values import Properties

_SWITCHES: Final = {  # argument -> flag, of install and upgrade
    "atomic": "--atomic",
    "createNamespace": "--create-namespace",
    "dependencyUpdate": "--dependency-update",
    "devel": "--devel",
    "disableOpenapiValidation": "--disable-openapi-validation",
    "disableWebhooks": "--no-hooks",
    "forceUpdate": "--force",
    "renderSubchartNotes": "--render-subchart-notes",
    "skipCrds": "--skip-crds",
    "takeOwnership": "--take-ownership",
    "verify": "--verify",
    "waitForJobs": "--wait-for-jobs",
}
_INSTALL_SWITCHES: Final = {"replace": "--replace"}
_UPGRADE_SWITCHES: Final = {
    "cleanupOnFail": "--cleanup-on-fail",
    "resetValues": "--reset-values",
    "reuseValues": "--reuse-values",
}
_INSTALL_ONLY: Final = frozenset({"--create-namespace"})
_OPTIONS: Final = {"description": "--description", "keyring": "--keyring", "postrender": "--post-renderer"}
_REPOSITORY: Final = {
    "caFile": "--ca-file",
    "certFile": "--cert-file",
    "keyFile": "--key-file",
    "password": "--password",
    "repo": "--repo",
    "username": "--username",
}
_PREFIXES: Final = ("Error: ", "INSTALLATION FAILED: ", "UPGRADE FAILED: ")


class HelmError(ProviderError):
    """`helm` failed; the message is its reason without its prefixes."""


@dataclasses.dataclass(frozen=True)
class ReleaseInfo:
    """The newest revision of a release, whatever its status."""

    values: Properties
    manifest: str
    summary: Properties
    """The output `status`: appVersion, chart, name, namespace, revision, status, version."""

    @property
    def status(self) -> str:
        """Helm's word: deployed, failed, pending-install, pending-upgrade ..."""
        return str(self.summary["status"])

    @property
    def revision(self) -> int:
        """1 for the first."""
        return int(self.summary["revision"])


class Helm:
    """`helm` of PATH against one context."""

    def __init__(self, kubeconfig: KubeConfig) -> None:
        self._kubeconfig = kubeconfig
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()

    def install(self, inputs: Properties) -> None:
        """Make the release. Raises HelmError."""
        self._deploy("install", inputs, _SWITCHES | _INSTALL_SWITCHES)

    def upgrade(self, inputs: Properties) -> None:
        """Make a new revision. Raises HelmError."""
        switches = {key: flag for key, flag in _SWITCHES.items() if flag not in _INSTALL_ONLY}
        history = ["--history-max", str(inputs["maxHistory"])] if "maxHistory" in inputs else []
        self._deploy("upgrade", inputs, switches | _UPGRADE_SWITCHES, history)

    def uninstall(self, name: str, namespace: str, timeout: float) -> None:
        """Remove the release and wait until its objects are gone; not an error if there is none. `timeout`: seconds."""
        wait = ["--wait", "--timeout", f"{int(timeout)}s"]
        self._run("uninstall", name, "--namespace", namespace, "--ignore-not-found", *wait)

    def info(self, name: str, namespace: str) -> ReleaseInfo | None:
        """The newest revision; None if there is no such release."""
        try:
            full = json.loads(self._run("status", name, "--namespace", namespace, "--output", "json"))
            short = json.loads(self._run("get", "metadata", name, "--namespace", namespace, "--output", "json"))
        except HelmError as error:
            if "release: not found" in str(error):
                return None
            raise
        keys = ("appVersion", "chart", "name", "namespace", "revision", "status", "version")
        return ReleaseInfo(full.get("config") or {}, full.get("manifest") or "", {key: short[key] for key in keys})

    def cancel(self) -> None:
        """Ask what runs to stop: Helm then marks its release as failed."""
        with self._lock:
            for process in self._running:
                process.terminate()

    def _deploy(self, verb: str, inputs: Properties, switches: dict[str, str], extra: list[str] | None = None) -> None:
        repository = inputs.get("repositoryOpts") or {}
        flags = [flag for key, flag in switches.items() if inputs.get(key)]
        flags += [f"{flag}={inputs[key]}" for key, flag in _OPTIONS.items() if inputs.get(key)]
        flags += [f"{flag}={repository[key]}" for key, flag in _REPOSITORY.items() if repository.get(key)]
        if not inputs.get("skipAwait"):
            flags.append("--wait")
        if inputs.get("version") and (repository.get("repo") or "://" in inputs["chart"]):
            flags += ["--version", str(inputs["version"])]
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as values:  # mode 0600
            json.dump(inputs.get("values") or {}, values)
            values.flush()
            where = ["--namespace", inputs["namespace"], "--timeout", f"{int(inputs['timeout'])}s"]
            self._run(verb, inputs["name"], inputs["chart"], *where, "--values", values.name, *flags, *(extra or []))

    def _run(self, *arguments: str) -> str:
        with self._kubeconfig.flags() as where:
            try:
                process = subprocess.Popen(
                    ["helm", *arguments, *where], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
                )
            except OSError as error:
                raise HelmError(f"the helm command cannot be run: {error}") from error
            with self._lock:
                self._running.add(process)
            try:
                output, errors = process.communicate()
            finally:
                with self._lock:
                    self._running.discard(process)
        if process.returncode:
            raise HelmError(_reason(errors) or f"helm {arguments[0]} ended with code {process.returncode}")
        return output


def _reason(errors: str) -> str:
    """From the line that says Error on: before it Helm warns of things such as a kubeconfig that others can read."""
    start = errors.find("Error: ")
    text = errors[start:].strip() if start >= 0 else errors.strip()
    for prefix in _PREFIXES:
        text = text.removeprefix(prefix)
    return text


def object_names(manifest: str, namespace: str, is_cluster_scoped: Any) -> dict[str, list[str]]:
    """The output `resourceNames`: {"StatefulSet.apps/apps/v1": ["ns/x"]} of a release's manifest."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    names: dict[str, list[str]] = {}
    for item in yaml.load_all(manifest, loader):
        if not item:
            continue
        group, slash, _ = item["apiVersion"].rpartition("/")
        key = f"{item['kind']}{'.' + group if slash else ''}/{item['apiVersion']}"
        metadata = item["metadata"]
        space = "" if is_cluster_scoped(item["kind"]) else metadata.get("namespace", namespace) + "/"
        names.setdefault(key, []).append(f"{space}{metadata['name']}")
    return {key: sorted(names[key]) for key in sorted(names)}
