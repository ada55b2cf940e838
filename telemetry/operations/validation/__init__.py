"""Proves, signal by signal and tenant by tenant, that a stack does what its plan promises (docs/validation.md)."""
