"""nginx is taken where it fits, else fetched with apt: whole or not at all, and without a trace in the system."""

import os
import threading
from functools import partial
from pathlib import Path

import pytest
from filelock import FileLock

from sandbox.toolchain import TOOLS, UP_TOOLS, ToolchainError
from tests.unit.toolchain_bench import Bench
from tests.waiting import until

WITH_ALL = (
    "nginx version: nginx/1.22.1\n"
    "configure arguments: --with-http_auth_request_module --with-http_ssl_module --with-http_v2_module "
    "--with-stream=dynamic"
)

# Does what apt-get would: notes its configuration, and "downloads" what nginx is to say. `fail` makes it fail.
FAKE_APT = r"""#!/bin/sh
here=$(dirname "$0")
echo "$3" >> "$here/apt-calls"
cp "$2" "$here/apt.conf"
if [ -f "$here/fail-$3" ]; then cat "$here/fail-$3" >&2; exit 100; fi
[ "$3" = download ] || exit 0
shift 3
for each; do cp "$here/package" "${each}_1_all.deb"; echo "$each" >>"$here/downloaded"; done
"""
# "Unpacks": the package is what the program says.
FAKE_DPKG = r"""#!/bin/sh
[ "$1" = -x ] || exit 1
mkdir -p "$3/usr/sbin"
{ echo '#!/bin/sh'; echo "echo '$(cat "$2")' >&2"; } > "$3/usr/sbin/nginx"
chmod +x "$3/usr/sbin/nginx"
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    (bench.bin / "go").unlink()  # a package needs none
    bench.program("apt-get", FAKE_APT)
    bench.program("dpkg-deb", FAKE_DPKG)
    (bench.bin / "package").write_text(WITH_ALL)
    return bench


def apt_calls(bench: Bench) -> list[str]:
    file = bench.bin / "apt-calls"
    return file.read_text().splitlines() if file.exists() else []


def test_nginx_is_fetched_once_and_only_when_it_is_asked_for(bench: Bench) -> None:
    assert "nginx" not in UP_TOOLS
    with pytest.raises(ToolchainError, match="nginx is not there yet: `python -m sandbox tool nginx`"):
        bench.toolchain().path("nginx")
    assert apt_calls(bench) == []
    bench.toolchain().ensure(["nginx"])
    bench.toolchain().ensure(["nginx"])
    assert apt_calls(bench) == ["update", "download"]
    assert (bench.bin / "downloaded").read_text().split() == ["nginx", "libnginx-mod-stream"]
    program = bench.toolchain().path("nginx")
    assert program.is_relative_to(bench.cache)
    assert os.access(program, os.X_OK)
    assert "fetching nginx (the web server of the gateway; no nginx on PATH): done in" in bench.said.getvalue()


def test_apt_works_in_directories_of_its_own_and_none_of_the_systems_hooks_runs(bench: Bench) -> None:
    bench.toolchain().ensure(["nginx"])
    configuration = (bench.bin / "apt.conf").read_text()
    directories = [line.split('"')[1] for line in configuration.splitlines() if line.startswith("Dir::")]
    assert len(directories) == 2
    assert all(Path(each).is_relative_to(bench.cache) for each in directories)
    assert "#clear APT::Update::Post-Invoke;" in configuration
    assert [path.name for path in bench.toolchain().path("nginx").parents[2].iterdir()] == ["usr"]


def test_the_users_own_nginx_is_taken_where_it_fits(bench: Bench) -> None:
    own = bench.program("nginx", f"#!/bin/sh\necho '{WITH_ALL}' >&2\n")
    toolchain = bench.toolchain()
    toolchain.ensure(["nginx"])
    assert toolchain.path("nginx") == own
    assert apt_calls(bench) == []


@pytest.mark.parametrize(
    ("said", "fits"),
    [
        (WITH_ALL, True),
        (WITH_ALL.replace("1.22.1", "1.29.4"), True),
        (WITH_ALL.replace("1.22.1", "1.18.0 (Ubuntu)"), False),
        (WITH_ALL.replace("--with-http_v2_module", ""), False),
        (WITH_ALL.replace("--with-http_ssl_module", ""), False),
        (WITH_ALL.replace("--with-http_auth_request_module", ""), False),
        (WITH_ALL.replace("--with-stream=dynamic", ""), False),
        ("nginx: not found", False),
    ],
)
def test_which_nginx_fits(said: str, fits: bool) -> None:
    assert TOOLS["nginx"].accepts(said) is fits


def test_a_source_that_does_not_answer_is_no_failure_while_another_has_the_package(bench: Bench) -> None:
    (bench.bin / "fail-update").write_text("E: Failed to fetch the lists of some other source\n")
    bench.toolchain().ensure(["nginx"])
    assert bench.toolchain().path("nginx").exists()


@pytest.mark.parametrize("what", ["too old", "a library is missing", "apt fails", "no apt-get", "no dpkg-deb"])
def test_what_cannot_be_had_is_told_and_leaves_nothing(bench: Bench, what: str) -> None:
    expected = {
        "too old": "this system's nginx does not fit.*nginx/1.18.0",
        "a library is missing": "this system's nginx does not fit.*libpcre2-8.so.0: cannot open",
        "apt fails": "it could not be had.*E: Unable to locate package nginx",
        "no apt-get": "there is no apt-get here",
        "no dpkg-deb": "there is no dpkg-deb here",
    }
    if what == "too old":
        (bench.bin / "package").write_text("nginx version: nginx/1.18.0")
    elif what == "a library is missing":
        (bench.bin / "package").write_text("error while loading shared libraries: libpcre2-8.so.0: cannot open")
    elif what == "apt fails":
        (bench.bin / "fail-download").write_text("E: Unable to locate package nginx\n")
    else:
        (bench.bin / what.removeprefix("no ")).unlink()
    with pytest.raises(ToolchainError, match=rf"(?s)fetching the package nginx failed: {expected[what]}") as raised:
        bench.toolchain().ensure(["nginx"])
    assert "Install nginx (<2,>=1.22) yourself" in str(raised.value)
    assert bench.entries() == []


def test_another_release_of_the_system_fetches_anew(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for version in ("12", "13"):
        release = {"ID": "debian", "VERSION_ID": version}
        monkeypatch.setattr("platform.freedesktop_os_release", partial(dict, release))
        bench.toolchain().ensure(["nginx"])
        found.append(bench.toolchain().path("nginx"))
    assert found[0] != found[1]
    assert all(path.exists() for path in found)


def test_a_second_process_waits_and_says_so(bench: Bench) -> None:
    bench.cache.mkdir()
    with FileLock(bench.cache / "nginx.lock"):
        second = threading.Thread(target=bench.toolchain().ensure, args=(["nginx"],))
        second.start()
        until(lambda: "another process is fetching it, waiting" in bench.said.getvalue())
        assert apt_calls(bench) == []
    second.join(10)
    assert bench.toolchain().path("nginx").exists()
