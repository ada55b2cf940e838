"""The only input and output: Pulumi and Helm, Kubernetes, S3, Grafana, GitHub."""
