"""The collector: the configuration of Grafana Alloy, which takes applications' telemetry and sends it here."""
