"""How the platform watches itself: where its rules go, what it promises, and which exporters there are."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from telemetry.config.addresses import Url
from telemetry.config.base import Line, SettingError, Settings
from telemetry.config.existing import ScrapedPods
from telemetry.config.labels import LabelKey, LabelValue
from telemetry.config.rule_packs import RulePack

DAY = 86_400
"""Seconds."""
Exporter = Literal["kube-state-metrics", "cadvisor", "kubelet", "seaweedfs", "cert-manager", "blackbox"]
CertificateName = Annotated[
    str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")
]
"""NAMESPACE/NAME of a Certificate of cert-manager."""
Latency = Literal["100ms", "250ms", "500ms", "1s", "2.5s", "5s", "10s", "25s", "50s"]
"""The buckets that the backends' histograms of request durations have in common."""
MetricLabel = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=128)]
"""A label's name as Prometheus takes it."""


MOST_BUDGETS = 100
"""Tenants whose error budgets are recorded."""


class Objective(Settings):
    """What is promised of one kind of request, over 30 days."""

    target: float = Field(
        ge=95,
        lt=100,
        description="Percent of requests that are answered well: without a server's error, and in time. Below 95 the "
        "fastest burn rate (14.4) would be more than all requests.",
    )
    latency: Latency | None = Field(
        default=None,
        description="The time that an answer may take; none: any. Thanos measures some at the next bound of its own "
        "(docs/prometheus.md).",
    )


class Objectives(Settings):
    """Service level objectives. Targets are the SRE workbook's examples (chapters 2 and 5), times our own choice."""

    metrics_ingest: Objective = Field(
        default=Objective(target=99.9, latency="1s"),
        description="Samples taken by the metrics backend (remote-write and OTLP).",
    )
    metrics_query: Objective = Field(
        default=Objective(target=99.0, latency="2.5s"), description="PromQL answered by the metrics backend."
    )
    traces_ingest: Objective = Field(
        default=Objective(target=99.9), description="Spans taken by Tempo, which does not measure the time of it."
    )
    traces_query: Objective = Field(
        default=Objective(target=99.0, latency="5s"), description="Traces and searches answered by Tempo."
    )
    logs_ingest: Objective = Field(
        default=Objective(target=99.9, latency="1s"), description="Pushes of lines taken by Loki."
    )
    logs_query: Objective = Field(default=Objective(target=99.0, latency="5s"), description="LogQL answered by Loki.")
    profiles_ingest: Objective = Field(
        default=Objective(target=99.9, latency="1s"), description="Profiles taken by Pyroscope."
    )
    profiles_query: Objective = Field(
        default=Objective(target=99.0, latency="10s"), description="Profiles answered by Pyroscope."
    )


class Certificates(Settings):
    """Certificates of servers that the platform needs and does not deploy."""

    object_store: CertificateName | None = Field(
        default=None, description="That of the object store's S3 address, such as `storage/seaweedfs-s3`."
    )
    grafana: CertificateName | None = Field(default=None, description="Grafana's, such as `grafana/grafana-tls`.")


class Severities(Settings):
    """What an alert's label `severity` says."""

    page: Line = Field(default="critical", description="Of an alert that wakes somebody.")
    ticket: Line = Field(default="warning", description="Of an alert that can wait for the morning.")


class Monitoring(Settings):
    """Scraping of the platform itself, and rules that tell of trouble with it (docs/monitoring.md)."""

    scrape: Literal["none", "collector", "operator", "annotations"] = Field(
        default="none",
        description="Who scrapes the platform's own metrics. collector: Alloy (telemetry:collector), which writes them "
        "to the metrics backend; operator: a Prometheus operator, for which the program makes PodMonitor objects; "
        "annotations: a Prometheus that finds pods by `prometheus.io/scrape`; none: whoever is told by other means.",
    )
    scrape_interval: int = Field(
        default=30,
        ge=5,
        le=240,
        description="Seconds between two scrapes of a pod, where the collector or an operator scrapes; after 300 "
        "without a sample, Prometheus takes it for gone.",
    )
    evaluation_interval: int = Field(default=30, ge=5, le=300, description="Seconds between two evaluations of a rule.")
    rules: Literal["none", "prometheus-rule", "ruler"] = Field(
        default="none",
        description="prometheus-rule: the program makes PrometheusRule objects, which need the Prometheus operator's "
        "CRD; ruler: `python -m telemetry rules STACK --load …` puts them into Mimir's ruler; none: they are "
        "written to files when asked for, and with Thanos evaluated by its own ruler (docs/prometheus.md).",
    )
    labels: dict[LabelKey, LabelValue] = Field(
        default_factory=dict,
        description="Labels of the PrometheusRule and PodMonitor objects, as the operator's ruleSelector and "
        "podMonitorSelector want them.",
    )
    tenant: str | None = Field(
        default=None,
        description="The tenant in whose metrics the platform's own are: with `ruler` it owns the rules, and the "
        "dashboards ask its datasource.",
    )
    severities: Severities = Field(default_factory=Severities, description="How alerts say how urgent they are.")
    runbook_url: Url | None = Field(
        default=None,
        description="Where docs/runbooks.md can be read; `#` and the alert's heading are added. None is its path.",
    )
    exporters: list[Exporter] = Field(
        default=["kube-state-metrics", "cadvisor", "kubelet"],
        description="What is scraped beside the backends themselves. An alert that needs another exporter is left out, "
        "because a rule without data never fires.",
    )
    object_store: ScrapedPods | None = Field(
        default=None,
        description="SeaweedFS' pods, with the port of its `-metricsPort`, to be scraped as our own are; none: whoever "
        "looks after it sees to that. Of stacks with the same SeaweedFS, one is to say it.",
    )
    object_store_labels: dict[MetricLabel, str] = Field(
        default_factory=dict,
        description="Labels that tell our SeaweedFS from others in one Prometheus, such as `{job: seaweedfs}`, beside "
        "the namespace of object_store.",
    )
    certificate_days: int = Field(
        default=21, ge=1, le=90, description="Days before its end at which a certificate is alerted on."
    )
    certificates: Certificates = Field(
        default_factory=Certificates,
        description="The Certificates of cert-manager of object store and Grafana, NAMESPACE/NAME each; where none is "
        "named, the blackbox exporter is asked, if it is listed and probes their https addresses.",
    )
    objectives: Objectives = Field(default_factory=Objectives, description="What is promised.")
    rule_packs: list[RulePack] = Field(
        default_factory=list, description="Rule files of your own, which go where the program's rules go."
    )
    budget_tenants: list[str] | None = Field(
        default=None,
        max_length=MOST_BUDGETS,
        description=f"Tenants that have error budgets of their own, {MOST_BUDGETS} at most, as each is up to 24 "
        f"recorded series. None: all of them, or nobody in a stack of more than {MOST_BUDGETS}.",
    )

    @model_validator(mode="after")
    def _labels_are_of_something(self) -> Self:
        if self.object_store_labels and "seaweedfs" not in self.exporters:
            raise SettingError(
                "object_store_labels", "nothing asks for them without seaweedfs in exporters; add that, or remove them"
            )
        if self.object_store is not None and "seaweedfs" not in self.exporters:
            raise SettingError(
                "object_store", "nothing asks for its metrics without seaweedfs in exporters; add that, or remove it"
            )
        return self

    @property
    def of_object_store(self) -> dict[str, str]:
        """The labels that SeaweedFS' metrics have."""
        place = {"namespace": self.object_store.namespace} if self.object_store else {}
        return place | self.object_store_labels

    @model_validator(mode="after")
    def _certificates_are_exported(self) -> Self:
        for server in ("object_store", "grafana"):
            if getattr(self.certificates, server) is not None and "cert-manager" not in self.exporters:
                raise SettingError(
                    f"certificates.{server}",
                    "is known to cert-manager, which is not in exporters; add it there, or remove the key",
                )
        return self
