"""Pure functions from settings to the Helm values of a chart: one file per chart, nothing in here knows Pulumi."""
