"""Part of the kubernetes stand-in: `helm.sh/v3:Release`, opaque as the real one.

A preview reads the chart's name and version and no more: templates, clashes and the cluster's opinion come with `up`.
Remote charts are not loaded in Check: a version that the program leaves open stays open. Not here: `manifest` (the
real one never sets it either), and what is refused by name: value files, lint, recreate_pods, disable_crd_hooks.
"""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import Any, Final

from typing_extensions import override

from sandbox.plugins.base import CheckError, InitError, Live, ProviderError, Request, ResourceType
from sandbox.plugins.diff import Diff, below, diff
from sandbox.plugins.kubernetes.cluster import Cluster, UnreachableError, is_cluster_scoped
from sandbox.plugins.kubernetes.helm import Helm, HelmError, ReleaseInfo, object_names
from sandbox.plugins.values import UNKNOWN, Properties, conceal, has_unknown

_TIMEOUT: Final = 300  # seconds
_PATIENCE: Final = "TELEMETRY_SANDBOX_RELEASE_SECONDS"
"""`make faults` waits no longer than this for a release that cannot become ready."""
_OFF: Final = (
    "atomic", "cleanupOnFail", "createNamespace", "dependencyUpdate", "devel", "disableCRDHooks",
    "disableOpenapiValidation", "disableWebhooks", "forceUpdate", "lint", "recreatePods", "renderSubchartNotes",
    "replace", "resetValues", "reuseValues", "skipAwait", "skipCrds", "verify", "waitForJobs",
)  # fmt: skip
_DEFAULTS: Final[Properties] = {
    **dict.fromkeys(_OFF, False),
    **dict.fromkeys(("description", "keyring", "postrender"), ""),
    "timeout": _TIMEOUT,
}
_NOT_INPUTS: Final = ("compat", "manifest", "resourceNames")
_COMPUTED: Final = ("resourceNames", "status")
_UNSUPPORTED: Final = ("disableCRDHooks", "lint", "recreatePods", "valueYamlFiles")
_BEFORE_US: Final = ("cannot re-use a name", "another operation (install/upgrade/rollback) is in progress")


class Release(ResourceType):
    """A Helm release; its id is `namespace/name`."""

    def __init__(self, cluster: Cluster, helm: Helm, namespace: str) -> None:
        self._cluster = cluster
        self._helm = helm
        self._namespace = namespace

    @override
    def check(self, request: Request) -> Properties:
        for key in _UNSUPPORTED:
            if request.inputs.get(key):
                raise CheckError(key, "the sandbox's stand-in for a Release does not support this argument")
        if not request.inputs.get("name"):
            raise CheckError("name", "the sandbox's stand-in does not invent release names: give one")
        given = {key: value for key, value in request.inputs.items() if key not in _NOT_INPUTS}
        inputs = {**_DEFAULTS, "namespace": self._namespace, **given}
        chart = inputs.get("chart")
        version = None if has_unknown([chart, inputs["name"]]) else local_chart_version(str(chart))
        return {**inputs, "version": version} if version else inputs

    @override
    def diff(self, request: Request) -> Diff:
        return diff(request.old_inputs, request.inputs, replaces=below("name", "namespace"))

    @override
    def create(self, request: Request) -> tuple[str, Properties]:
        if request.preview:
            return "", {**request.inputs, **dict.fromkeys(_COMPUTED, UNKNOWN)}
        self._require_cluster("create")
        return self._deploy(self._helm.install, request, before=0)

    @override
    def update(self, request: Request) -> Properties:
        if request.preview:
            kept: Properties = {key: request.state[key] for key in _COMPUTED if key in request.state}
            return {**request.inputs, **kept}
        self._require_cluster("update")
        current = self._info(request.id)
        _, state = self._deploy(self._helm.upgrade, request, before=current.revision if current else 0)
        return state

    @override
    def read(self, request: Request) -> Live | None:
        self._require_cluster("read")
        found = self._info(request.id)
        if found is None:
            return None
        namespace, _, name = request.id.rpartition("/")
        inputs = dict(request.inputs) or {**_DEFAULTS, "chart": found.summary["chart"]}
        inputs |= {"name": name, "namespace": namespace, "version": found.summary["version"]}
        inputs["values"] = conceal(found.values, request.inputs.get("values"))
        if not found.values and "values" not in request.inputs:
            del inputs["values"]
        return Live(request.id, inputs, _outputs(inputs, found))

    @override
    def delete(self, request: Request) -> None:
        self._require_cluster("delete")
        namespace, _, name = request.id.rpartition("/")
        self._helm.uninstall(name, namespace, request.timeout or float(request.state.get("timeout") or _TIMEOUT))

    def _deploy(self, operation: Any, request: Request, before: int) -> tuple[str, Properties]:
        """Run Helm. A revision that it leaves behind as failed is the engine's to keep, so that `up` can mend it."""
        inputs = request.plain
        release_id = f"{inputs['namespace']}/{inputs['name']}"
        if request.timeout:
            inputs = {**inputs, "timeout": request.timeout}
        if bound := os.environ.get(_PATIENCE):
            inputs = {**inputs, "timeout": min(float(bound), float(inputs["timeout"]))}
        try:
            operation(inputs)
        except HelmError as error:
            left = None if any(text in str(error) for text in _BEFORE_US) else self._info(release_id)
            if left is None or left.revision <= before:
                raise
            message = (
                f'Helm release "{release_id}" was created, but failed to initialize completely.'
                f" Use Helm CLI to investigate. Status: {left.status}. Reason: {error}"
            )
            raise InitError(release_id, _outputs(request.old_inputs or request.inputs, left), message) from error
        made = self._info(release_id)
        if made is None:
            raise ProviderError(f'Helm release "{release_id}" vanished while it was made')
        return release_id, _outputs(request.inputs, made)

    def _info(self, release_id: str) -> ReleaseInfo | None:
        namespace, _, name = release_id.rpartition("/")
        return self._helm.info(name, namespace)

    def _require_cluster(self, action: str) -> None:
        try:
            self._cluster.probe()
        except UnreachableError as error:
            raise ProviderError(f"can't {action} Helm Release with unreachable cluster: {error}") from error


def local_chart_version(chart: str) -> str | None:
    """The version in a chart directory or archive; None for a chart elsewhere. Raises CheckError if it is missing."""
    import yaml

    path = Path(chart)
    if not path.exists():
        if path.is_absolute() or chart.startswith("."):
            raise CheckError("chart", f'path "{chart}" not found')
        return None
    try:
        text = _chart_yaml(path)
        return str(yaml.safe_load(text)["version"])
    except (OSError, KeyError, TypeError, tarfile.TarError, yaml.YAMLError) as error:
        raise CheckError("chart", f'path "{chart}" is not a chart: Chart.yaml is missing or broken') from error


def _chart_yaml(path: Path) -> str:
    if path.is_dir():
        return (path / "Chart.yaml").read_text(encoding="utf-8")
    with tarfile.open(path) as archive:
        member = next(name for name in archive.getnames() if name.count("/") == 1 and name.endswith("/Chart.yaml"))
        content = archive.extractfile(member)
        return content.read().decode() if content else ""


def _outputs(inputs: Properties, found: ReleaseInfo) -> Properties:
    names = object_names(found.manifest, str(found.summary["namespace"]), is_cluster_scoped)
    return {**inputs, "resourceNames": names, "status": found.summary}
