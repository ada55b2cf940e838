"""What measurements were made on."""

import platform

import psutil


def description() -> str:
    """Return cores, memory, system and Python in a few words; nothing that names the machine."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{psutil.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, {platform.system()} "
        f"{platform.release().split('-')[0]}, Python {platform.python_version()}"
    )
