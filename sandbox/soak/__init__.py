"""Half an hour of steady writing under faults at random: what is lost, and whether memory grows."""
