"""Entry point of `python -m sandbox`."""

from sandbox.cli import app
from sandbox.engine import heed_interrupts

heed_interrupts()
app(prog_name="python -m sandbox")
