"""Brings a stack back after a run on it failed or was killed. Finding changes nothing; carrying out does."""

from telemetry.operations.repair.errors import RepairError
from telemetry.operations.repair.locks import Lock
from telemetry.operations.repair.plan import Changed, Repair, RepairFinding, RepairPlan
from telemetry.operations.repair.processes import Runs

__all__ = ["Changed", "Lock", "Repair", "RepairError", "RepairFinding", "RepairPlan", "Runs"]
