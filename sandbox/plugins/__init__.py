"""Stand-ins for the Pulumi provider plugins of aws and grafana; see base.py for how they are built."""
