"""What the charts' values.yaml offer: a file for each chart and version, and what a path in it is."""
