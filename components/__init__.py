"""The resources: one ComponentResource per file, wired in `__main__.py`."""
