"""The capacity report against rendered charts."""
