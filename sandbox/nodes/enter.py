"""`python -m sandbox.nodes.enter PIDFILE STATE PROGRAM …`: run a program among the nodes, in place of this one.

PIDFILE is that of the process which holds the namespaces; STATE is the world whose control group it joins, or `-`.
"""

import json
import os
import sys
from pathlib import Path

from sandbox.nodes import cgroups, linux


def main(pid_file: str, state: str, command: list[str]) -> None:
    """Enter the namespaces, and with a state directory the group of its nodes; then run the command."""
    pid = int(json.loads(Path(pid_file).read_text())["pid"])
    where = Path.cwd()
    if state != "-":
        cgroups.Cgroups(Path(state)).enter(cgroups.SERVICES)
    spaces = {linux.NEW_NETWORK: "net", linux.NEW_MOUNTS: "mnt"}
    opened = {flag: os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC) for flag, name in spaces.items()}
    for flag, descriptor in opened.items():
        linux.setns(descriptor, flag)
    os.chdir(where)
    os.execvp(command[0], command)  # noqa: S606 (a program with its arguments, no shell)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
