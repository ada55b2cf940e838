"""Names and types of resources, as Pulumi's engine writes them."""

RELEASE_TYPE = "kubernetes:helm.sh/v3:Release"
"""What Pulumi calls a release."""
