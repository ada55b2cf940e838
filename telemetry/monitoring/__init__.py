"""Recording and alert rules for the platform itself, made from a stack's settings. Nothing in here knows Pulumi."""
