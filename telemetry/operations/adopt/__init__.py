"""Takes what exists into a state that does not know it, and keeps copies of the state that was before."""

from telemetry.operations.adopt.adoption import Adoption, AdoptionPlan, AdoptionRow
from telemetry.operations.adopt.errors import AdoptError

__all__ = ["AdoptError", "Adoption", "AdoptionPlan", "AdoptionRow"]
