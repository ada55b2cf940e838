"""The backends: what is known of one is in its folder."""
