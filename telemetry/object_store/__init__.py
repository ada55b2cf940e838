"""Identities and bucket policies in SeaweedFS."""
