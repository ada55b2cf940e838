"""Stands in for pulumi-resource-kubernetes; provider.py says how far."""
