"""Copies of a stack's state."""
