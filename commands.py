"""The old name of `python -m telemetry`, kept for one release."""

import sys

from telemetry.cli.app import app

if __name__ == "__main__":
    sys.stderr.write("python -m commands is now called python -m telemetry; the old name goes with the next release\n")
    app(prog_name="python -m telemetry")
