"""The words in which a backend describes itself."""
