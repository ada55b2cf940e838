"""Lays the values that somebody adds or overrides over those that the program renders, and refuses what would not do.

It is refused here, before any resource exists, because a chart says nothing: it ignores what it does not know.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from telemetry.charts.paths import paths_of
from telemetry.config.base import SettingError
from telemetry.config.chart import Chart
from telemetry.config.overlay import Overlay
from telemetry.redaction import Redactor
from telemetry.spec.values.common import Values, merged

Path = tuple[str, ...]

_NAMES = ("nameOverride", "fullnameOverride", "namespaceOverride")
_PORTS = ("http_listen_port", "grpc_listen_port")
_COUNTS = ("replicas", "replicaCount", "minReplicas", "maxReplicas")
_VOLUMES = (("persistence", "size"), ("persistentVolume", "size"))
_RESOURCES = "resources"
_SIZED = ("requests", "limits", "cpu", "memory")
"""What may stand below `resources` and is a role's own; other resources, such as ephemeral-storage, are not."""


def leaves(values: Any, *path: str) -> Iterator[tuple[Path, Any]]:
    """Yield the path and value of every leaf; lists are leaves, and so are empty mappings."""
    if isinstance(values, Mapping) and values:
        for key, value in values.items():
            yield from leaves(value, *path, str(key))
    elif path:
        yield path, values


def laid_over(rendered: Values, overlay: Overlay) -> Values:
    """Return the values of a release: what the program renders, and an overlay merged last."""
    return merged(merged(rendered, overlay.add), overlay.override)


def check(rendered: Values, overlay: Overlay, chart: Chart, *, sizes: str) -> None:
    """Refuse an overlay that the chart would ignore, that hides a secret, or that others would not know of.

    Args:
        rendered: what the program sets by itself.
        overlay: what is laid over it.
        chart: whose values they are.
        sizes: the setting that has the sizes of the roles.

    Raises:
        SettingError: its key is the leaf's, below the overlay's.
    """
    for way, values in (("add", overlay.add), ("override", overlay.override)):
        for path, value in leaves(values):
            key = ".".join((way, *path))
            _refuse_secret(key, path, value)
            _refuse_unknown(key, path, value, chart)
            _refuse_foundations(key, path)
            _refuse_size(key, path, rendered, sizes)
            ours = _is_set(rendered, path)
            if ours and way == "add":
                raise SettingError(key, "the program sets this itself; move it to override if that is on purpose")
            if not ours and way == "override":
                raise SettingError(key, "the program does not set this; move it to add, or remove it")


def unchecked(overlay: Overlay, chart: Chart) -> str | None:
    """Return that nobody knows whether the chart has these paths; None where that is known, or there are none."""
    if overlay.is_empty or paths_of(chart.name, chart.version) is not None:
        return None
    return (
        f"the paths of the chart {chart.name} {chart.version} are not known here, so none of these was checked; the "
        "chart ignores what it does not know"
    )


def told(overlay: Overlay, chart: Chart) -> Iterator[str]:
    """Yield what is laid over a release, for people: the paths, and whether the chart was held against them."""
    for way, values in (("added", overlay.add), ("in place of the program's", overlay.override)):
        if values:
            paths = ", ".join(".".join(path) for path, _ in leaves(values))
            yield f"values {way} (docs/values.md): {paths}"
    if (text := unchecked(overlay, chart)) is not None:
        yield text


def _refuse_unknown(key: str, path: Path, value: Any, chart: Chart) -> None:
    known = paths_of(chart.name, chart.version)
    if known is None or known.knows("/".join(path), value):
        return
    if known.is_part("/".join(path)):
        raise SettingError(key, "is a part of the chart's values; write its keys below it")
    near = known.nearest("/".join(path))
    hint = f" (did you mean {near.replace('/', '.')}?)" if near else ""
    raise SettingError(key, f"unknown to the chart {chart.name} {chart.version}{hint}; correct or remove it")


def _refuse_secret(key: str, path: Path, value: Any) -> None:
    """Refuse what is called a secret or looks like one, but for the name of a Secret that exists."""
    if Redactor().shown(value, path[-1]) != value and not path[-1].startswith("existing"):
        raise SettingError(
            key,
            "is or holds a secret, and Helm values stand in the state and in the release in plain text; put it into a "
            "Secret and name that",
            hidden=True,
        )


def _refuse_foundations(key: str, path: Path) -> None:
    """Refuse what Services, NetworkPolicies, datasources and dashboards go by."""
    if path[-1] in _NAMES:
        raise SettingError(key, "NetworkPolicies, datasources and dashboards go by the program's names; remove it")
    if path[-1] in _PORTS:
        raise SettingError(key, "NetworkPolicies, Services and probes go by the program's ports; remove it")


def _refuse_size(key: str, path: Path, rendered: Values, sizes: str) -> None:
    if _is_size(path, rendered):
        raise SettingError(key, f"is a role's size, which capacity and alerts read in the settings; set it at {sizes}")


def _is_size(path: Path, rendered: Values) -> bool:
    """Whether a path says how many or how large the pods are of a role that the program renders."""
    if _RESOURCES in path:
        at = path.index(_RESOURCES)
        return _is_set(rendered, path[: at + 1]) and all(part in _SIZED for part in path[at + 1 :])
    counts = path[-1] in _COUNTS or path[-2:] in _VOLUMES
    return counts and _is_set(rendered, path)


def _is_set(rendered: Values, path: Path) -> bool:
    """Whether the program sets a path, something below it, or what stands in its way."""
    found: Any = rendered
    for part in path:
        if not isinstance(found, Mapping):
            return True
        if part not in found:
            return False
        found = found[part]
    return not (isinstance(found, Mapping) and not found)
