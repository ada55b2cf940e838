"""Lets what the program registers begin, so that the SDK waits for registrations, not for each of their outputs.

A program's body runs to its end before any registration begins. The SDK then finds none to wait for, and waits for
outputs instead: for the first of all that are open, again and again, which grows with the square of their number and
took half of the time of 1,000 tenants (docs/performance.md).
"""

import asyncio


async def begin() -> None:
    """Give the event loop one turn: each registration takes its first step in it."""
    await asyncio.sleep(0)
