"""One sample and one span through a deployed stack."""
