"""Takes what exists into a state that does not know it, and keeps copies of the state that was before."""

from adopt.adoption import Adoption, Plan, Row
from adopt.errors import AdoptError

__all__ = ["AdoptError", "Adoption", "Plan", "Row"]
