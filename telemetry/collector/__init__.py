"""What collects applications' telemetry and sends it here: settings to the configuration of Grafana Alloy."""
