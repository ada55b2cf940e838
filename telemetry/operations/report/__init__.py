"""The report: what a preview would do to each Kubernetes object, bucket and datasource.

preview, rendered manifests, settings -> `build` -> `model.ChangeReport` -> terminal, Markdown, JSON (docs/report.md)
"""
