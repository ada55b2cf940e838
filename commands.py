"""The old name of `python -m telemetry`, kept for one release."""

import sys

from telemetry.cli.app import main

if __name__ == "__main__":
    sys.stderr.write("python -m commands is now called python -m telemetry; the old name goes with the next release\n")
    main()
