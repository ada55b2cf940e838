"""The formats of Pulumi's engine: previews, plans, states."""
