"""Arithmetic on settings: what a stack asks for, and what is left of its quota. Nothing in here knows Pulumi."""
