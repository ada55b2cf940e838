"""A place to try the toolchain in: a Go that only pretends, pinned sources and an empty cache."""

import io
from pathlib import Path

from rich.console import Console

from sandbox.toolchain import MODULES, TOOLS, Toolchain

# Does what Go would, as far as its callers can tell. Files beside it make it fail, hang or leave something out.
FAKE_GO = r"""#!/bin/sh
here=$(dirname "$0")
module=$(basename "$PWD")
[ "$1" = env ] || echo "$1 $module" >> "$here/calls"
case "$1" in
env) cat "$here/version" ;;
list) echo "go: downloading example.org/x v1.0.0" >&2; printf 'a/one\nb/two\n' ;;
build)
  while [ "$1" != -o ]; do shift; done
  echo a/one >&2
  if [ -f "$here/fail" ]; then cat "$here/fail" >&2; exit 1; fi
  for tool in $(cat "$here/makes-$module"); do
    printf '#!/bin/sh\necho %s\n' "$tool" > "$2$tool"; chmod +x "$2$tool"
    if [ -f "$here/hang" ]; then sleep 30; fi
  done
  echo b/two >&2 ;;
mod) printf '{\n\t"Path": "x",\n\t"Dir": "%s"\n}\n' "$here/sdk" ;;
esac
"""


class Bench:
    """A PATH with a fake Go, sources with pins and an empty cache."""

    def __init__(self, root: Path) -> None:
        self.bin = root / "bin"
        self.cache = root / "cache"
        self.sources = root / "tools"
        self.plugins = root / "plugins"
        self.said = io.StringIO()
        self.bin.mkdir()
        self.program("go", FAKE_GO)
        self.version("go1.26.8")
        for module in MODULES:
            (self.sources / module).mkdir(parents=True)
            (self.sources / module / "go.mod").write_text(f"module {module}\n")
            (self.sources / module / "go.sum").write_text("")
            made = [tool.built_as for tool in TOOLS.values() if tool.origin == module]
            (self.bin / f"makes-{module}").write_text("\n".join(made))
        (self.bin / "makes-language").write_text("pulumi-language-python")
        for each in MODULES.values():
            for _, path in each.files:
                file = self.bin / "sdk" / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text("#!/usr/bin/env python\n")

    def version(self, version: str) -> None:
        (self.bin / "version").write_text(f"{version}\nlinux\namd64\n")

    def program(self, name: str, text: str) -> Path:
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def toolchain(self) -> Toolchain:
        console = Console(file=self.said, width=200)
        return Toolchain(console, cache=self.cache, sources=self.sources, path=str(self.bin), plugins=self.plugins)

    def calls(self) -> list[str]:
        file = self.bin / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def entries(self) -> list[str]:
        return sorted(path.name for path in self.cache.iterdir() if path.suffix != ".lock")
