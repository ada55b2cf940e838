"""The operational checklist: what can be seen is ticked off, and of the rest it says how it is done by hand."""
