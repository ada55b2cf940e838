"""By what data of several clusters is told apart (`telemetry:kubernetes.cluster`)."""

LABEL = "cluster"
"""The label of metrics and lines."""
ATTRIBUTE = "k8s.cluster.name"
"""What OpenTelemetry calls it (https://opentelemetry.io/docs/specs/semconv/resource/k8s/#cluster)."""
