"""Stand-ins for the Pulumi provider plugins of kubernetes, aws and grafana; see base.py for how they are built."""
