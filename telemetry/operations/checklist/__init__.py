"""Seed 002's operational checklist: what can be ticked by looking, and how the rest is done by hand."""
