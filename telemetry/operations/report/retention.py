"""Data that a change deletes: a retention in force that becomes shorter, of a tenant or of everybody.

Read from what the releases are configured with, before and after: so it does not matter whether an override went, a
default was lowered or a release was changed by hand.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import yaml

from telemetry.backends import BACKENDS
from telemetry.config.quantities import in_seconds
from telemetry.kubernetes.defaults import Object
from telemetry.kubernetes.manifests import LOADER
from telemetry.operations.report.model import Warn
from telemetry.spec.backend import Signal
from telemetry.spec.changes import DAY_SECONDS, FOREVER, RetentionPlace

_HOUR = 3_600
_OF_A_BACKEND = {"compactor", "limits", "limits_config", "server", "storage"}
"""Sections of a backend's own configuration, of which a file of tenants' overrides has none."""


PLACES: Mapping[str, tuple[Signal, RetentionPlace]] = {
    name: (backend.signal, place) for backend in BACKENDS for name, place in backend.changes.retention.items()
}
"""By release; of overrides that are in no release, by ConfigMap."""


class Kept(NamedTuple):
    """How many seconds a signal's data is kept."""

    default: float
    tenants: dict[str, float]
    """Of those that have overrides, of whatever."""

    def of(self, tenant: str) -> float:
        """Return what is in force for a tenant."""
        return self.tenants.get(tenant, self.default)


def shortened(before: Mapping[str, Iterable[Object]], after: Mapping[str, Iterable[Object]]) -> Iterator[Warn]:
    """Yield a warning for each retention in force that becomes shorter; objects are given by release."""
    then, now = kept(before), kept(after)
    for signal in (each for each in then if each in now):
        old, new = then[signal], now[signal]
        tenants = sorted({*old.tenants, *new.tenants})
        whose = [(f"tenant {tenant}", old.of(tenant), new.of(tenant)) for tenant in tenants]
        rest = "data of no tenant that is named" if tenants else "all data"
        alike: dict[tuple[float, float], list[str]] = {}
        for name, was, becomes in (*whose, (rest, old.default, new.default)):
            if becomes < was:
                alike.setdefault((was, becomes), []).append(name)
        for (was, becomes), names in alike.items():
            text = f"{_text(was)} become {_text(becomes)} for {', '.join(names)}: what is older is deleted for good"
            yield Warn(level="destructive", about=f"retention of {signal}", text=text)


def kept(objects: Mapping[str, Iterable[Object]]) -> dict[Signal, Kept]:
    """Return what is in force of each signal; where two releases keep the same data, the shorter."""
    found: dict[Signal, Kept] = {}
    configs = {release: list(_configs(manifests)) for release, manifests in objects.items() if release in PLACES}
    for signal in {signal: None for signal, _ in PLACES.values()}:
        files = [(*PLACES[release], each) for release, manifests in configs.items() for each in manifests]
        of_signal = [(place, each) for found_signal, place, each in files if found_signal == signal]
        if any(_is_backends(config) for _, config in of_signal):
            found[signal] = _in_force(of_signal)
    return found


def _in_force(configs: Iterable[tuple[RetentionPlace, Mapping[str, Any]]]) -> Kept:
    defaults: list[float] = []
    by_tenant: dict[str, list[float]] = {}
    for place, config in configs:
        if _is_backends(config):
            defaults.append(next(filter(None, (_seconds(config, path) for path in place.defaults)), place.unstated))
            continue
        overrides_of = config.get("overrides")
        for tenant, overrides in overrides_of.items() if isinstance(overrides_of, dict) else ():
            seconds = _seconds(overrides, place.of_tenant)
            by_tenant.setdefault(str(tenant), []).extend([] if seconds is None else [seconds])
    default = min(defaults)
    return Kept(default, {tenant: min(stated, default=default) for tenant, stated in by_tenant.items()})


def _is_backends(config: Mapping[str, Any]) -> bool:
    return not _OF_A_BACKEND.isdisjoint(config)


def _configs(objects: Iterable[Object]) -> Iterator[Mapping[str, Any]]:
    """Yield what the YAML files in ConfigMaps hold."""
    for each in objects:
        files = (each.get("data") or {}) if each.get("kind") == "ConfigMap" else {}
        for text in (text for name, text in files.items() if str(name).endswith((".yaml", ".yml"))):
            with suppress(yaml.YAMLError):
                config = yaml.load(text, Loader=LOADER)  # noqa: S506 - it is a safe one
                if isinstance(config, dict):
                    yield config


def _seconds(config: Any, path: Iterable[str]) -> float | None:
    """Return what is stated at a path, in seconds; none at all means for ever."""
    for key in path:
        config = config.get(key) if isinstance(config, dict) else None
    return None if config is None else in_seconds(config) or FOREVER


def _text(seconds: float) -> str:
    if seconds == FOREVER:
        return "no end"
    count, unit = (seconds / DAY_SECONDS, "day") if seconds >= DAY_SECONDS else (seconds / _HOUR, "hour")
    return f"{count:.4g} {unit}{'' if count == 1 else 's'}"
