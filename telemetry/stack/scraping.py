"""How whoever scrapes the platform fits the rest of the stack."""

from typing import TYPE_CHECKING

from telemetry.config.base import SettingError
from telemetry.config.existing import ScrapedPods
from telemetry.spec.values.scraping import PREFIX

if TYPE_CHECKING:
    from telemetry.stack.model import Stack


def check(stack: "Stack") -> None:
    """Refuse what does not fit together (SettingError)."""
    if stack.collector_scrapes and stack.collector is None:
        raise SettingError(
            "monitoring.scrape",
            "is collector, and there is none; add telemetry:collector, or choose operator, annotations or none",
        )
    if stack.monitoring.scrape == "annotations":
        _check_annotations(stack)
    _check_access(stack)
    _check_seen(stack)


def of_others(stack: "Stack") -> dict[str, ScrapedPods]:
    """Return the pods of others that are scraped, by the setting that names them."""
    found: dict[str, ScrapedPods | None] = {f"existing.{signal}": each for signal, each in stack.existing.items()}
    found["monitoring.object_store"] = stack.monitoring.object_store
    found["collector.own_metrics"] = stack.collector.own_metrics if stack.collector is not None else None
    return {setting: pods for setting, pods in found.items() if pods is not None}


def _check_access(stack: "Stack") -> None:
    """Refuse a credential that nobody of ours shows; an OpenTelemetry Collector itself asks for its own."""
    if stack.monitoring.scrape in ("collector", "operator"):
        return
    for setting, pods in of_others(stack).items():
        asks = setting == "collector.own_metrics" and stack.collector is not None and stack.collector.kind == "otel"
        if pods.access is not None and not asks:
            raise SettingError(
                f"{setting}.access",
                f"is shown by nobody, as monitoring.scrape is {stack.monitoring.scrape}; set that to collector or "
                "operator, or remove it",
            )


def _check_seen(stack: "Stack") -> None:
    """Refuse rules on metrics that OpenShift's monitoring shows them none of (telemetry/monitoring/operator.py)."""
    chosen = stack.monitoring
    narrow = stack.kubernetes.platform == "openshift" and chosen.rules == "prometheus-rule"
    if narrow and "cert-manager" in chosen.exporters:
        raise SettingError(
            "monitoring.exporters",
            "has cert-manager, whose metrics are of its own namespace, and OpenShift's monitoring shows the rules of "
            "this one no others: they would never fire; remove it, and have a blackbox exporter probe the servers by a "
            "Probe in this namespace (blackbox), or choose rules: ruler or none",
        )


def _check_annotations(stack: "Stack") -> None:
    """Refuse annotations of the user's that monitoring.scrape sets itself."""
    places = {"": stack.annotations, **{f"{each.signal}.": each.settings.annotations for each in stack.backends}}
    for place, annotations in places.items():
        for kind in ("objects", "pods"):
            for key in getattr(annotations, kind):
                if key.startswith(PREFIX):
                    raise SettingError(
                        f"{place}annotations.{kind}.{key}",
                        "is set by monitoring.scrape: annotations; remove it, or choose another way to be scraped",
                    )
