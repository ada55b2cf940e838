"""What Grafana is given: datasources and dashboards."""
