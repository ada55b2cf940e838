"""Entry point of `python -m commands`."""

from commands.app import app

app(prog_name="python -m commands")
