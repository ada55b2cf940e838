"""Errors of a bundle."""


class BundleError(Exception):
    """The bundle cannot be made or read; the message says why and what to do."""
