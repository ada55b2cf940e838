"""The vocabulary of the settings: quantities, roles, charts, connections. Nothing in here knows a backend."""
