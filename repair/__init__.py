"""Brings a stack back after a run on it failed or was killed. Finding changes nothing; carrying out does."""

from repair.errors import RepairError
from repair.locks import Lock
from repair.mend import Changed, Finding, Plan, Repair
from repair.processes import Runs

__all__ = ["Changed", "Finding", "Lock", "Plan", "Repair", "RepairError", "Runs"]
