"""Faults on real parts: each is injected, the user's next commands are run, and what must not be lost is counted."""
