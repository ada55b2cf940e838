"""Why the workloads of a stack are not ready, in the cluster's own words: what Helm and Pulumi do not say."""
