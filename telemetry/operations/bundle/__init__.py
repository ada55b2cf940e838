"""Everything that a stack needs, in one place: made where there is an internet, taken where there is none."""
