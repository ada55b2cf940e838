"""What stands in the way of an adoption, or of a copy of the state."""


class AdoptError(Exception):
    """It cannot be done now; the message says why, and what to do."""
