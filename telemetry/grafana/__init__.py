"""Datasources and dashboards, as Grafana is given them."""
