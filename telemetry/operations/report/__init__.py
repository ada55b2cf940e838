"""What a preview will do to which Kubernetes object, bucket and datasource: pure, but for what calls it.

preview, rendered manifests, settings -> `build` -> `model.ChangeReport` -> terminal, Markdown, JSON (docs/report.md)
"""
