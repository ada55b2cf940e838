"""The gateway: nginx's configuration, credentials and workload as pure functions; no Pulumi in here."""
