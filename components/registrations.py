"""Lets what the program registers begin, so that the SDK waits for registrations, not for each of their outputs.

A program's body runs to its end before any registration begins. The SDK then finds none to wait for, and waits for the
first of all outputs that are open, again and again: half of what 1,000 tenants took (docs/performance.md).
"""

import asyncio


async def begin() -> None:
    """Give the event loop one turn: each registration takes its first step in it."""
    await asyncio.sleep(0)
