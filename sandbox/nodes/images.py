"""What stands behind the names of images: programs of this machine, or what only answers probes."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.nodes.oci import Contents

STAND_IN = "stand-in: it only answers probes"
_NGINX_USER, _MIMIR_USER, _NOBODY = 101, 10001, 65534
_SHELL = (
    *(
        "sh",
        "awk",
        "sed",
        "grep",
        "find",
        "cat",
        "cut",
        "head",
        "tail",
        "tr",
        "wc",
        "sort",
        "tee",
        "printf",
        "sha256sum",
    ),
    *("cp", "mv", "rm", "ln", "ls", "mkdir", "mkfifo", "touch", "chmod", "stat", "date", "sleep", "kill", "env", "id"),
)
_MODULE = "lib/nginx/modules/ngx_stream_module.so"
_LIBRARY = re.compile(r"(/\S+) \(0x")
# Debian's nginx has the stream module in a file of its own; images of nginx have it built in.
_NGINX = f"""\
#!/bin/sh
globals=
if [ "${{1:-}}" = -g ]; then globals=$2; shift 2; fi
exec /usr/sbin/nginx.bin -g "load_module /usr/{_MODULE}; $globals" "$@"
"""
# The ports at which the probes of the replaced programs ask: HTTP of the backends, the collector and exporters.
_PROBED = (3100, 3200, 4040, 8080, 9093, 9150, 12345)
_OPEN = (11211,)
"""Ports that are only connected to: memcached's."""
_ANSWERS = f"""\
pid /dev/shm/answers.pid; error_log /dev/stderr warn; daemon off; worker_processes 1;
events {{}}
http {{
  client_body_temp_path /dev/shm/1; proxy_temp_path /dev/shm/2; fastcgi_temp_path /dev/shm/3;
  uwsgi_temp_path /dev/shm/4; scgi_temp_path /dev/shm/5; access_log off;
  server {{ {" ".join(f"listen {port};" for port in _PROBED)} location / {{ return 200 "ready\\n"; }} }}
}}
stream {{ server {{ {" ".join(f"listen {port};" for port in _OPEN)} return ""; }} }}
"""
_ANSWER = "#!/bin/sh\nexec nginx -e /dev/stderr -c /etc/answers.conf\n"
# Where pods that name their program look for it.
_REPLACED = ("/tempo", "/bin/loki", "/usr/bin/loki", "/usr/bin/pyroscope", "/bin/alloy", "/usr/local/bin/memcached")
_AT_THE_TOP = ("tempo",)
"""Programs that are in no folder in the image of their makers. Others may have a volume in a folder of such a name."""
_ACCOUNTS = "root:x:0:0::/:/bin/sh\nnginx:x:101:101::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
_GROUPS = "root:x:0:\nnginx:x:101:\nnogroup:x:65534:\n"


@dataclass(frozen=True)
class Image:
    """One image that can be made: ``what`` says what is in it, for `make status`."""

    what: str
    contents: Contents


class Images:
    """All images that can be made here. ``programs`` are paths by tool: nginx, and those backends that there are."""

    def __init__(self, programs: Mapping[str, Path]) -> None:
        self._programs = programs

    def find(self, repository: str) -> Image:
        """Return what is served for a repository's name, whatever the tag."""
        name = repository.rpartition("/")[2]
        if name == "pause":
            sleep = _found("sleep")
            return Image("sleep", Contents(["/bin/sleep", "infinity"], _NOBODY, _with_libraries({"/bin/sleep": sleep})))
        if name in ("nginx", "nginx-unprivileged"):
            return Image(f"nginx of this machine ({self._programs['nginx']})", self._nginx())
        if name in self._programs:
            return Image(f"{name} of this machine ({self._programs[name]})", self._backend(name))
        return Image(STAND_IN, self._stand_in())

    def _backend(self, name: str) -> Contents:
        """Return the image of a program alone, at the places where that of its makers has it."""
        places = [f"/bin/{name}", f"/usr/bin/{name}", *([f"/{name}"] if name in _AT_THE_TOP else [])]
        files = _with_libraries({places[0]: self._programs[name]})
        links = dict.fromkeys(places[1:], places[0])
        return Contents([places[0]], _MIMIR_USER, files, _accounts(), links, ["/tmp"])  # noqa: S108 (in the image)

    def _nginx(self) -> Contents:
        nginx = self._programs["nginx"]
        module = nginx.parents[1] / _MODULE
        files = {f"/bin/{name}": _found(name) for name in _SHELL} | {"/usr/sbin/nginx.bin": nginx}
        texts = _accounts()
        links = {"/var/log/nginx/access.log": "/dev/stdout", "/var/log/nginx/error.log": "/dev/stderr"}
        if module.exists():
            files |= {f"/usr/{_MODULE}": module}
            texts |= {"/usr/sbin/nginx": _NGINX}
        else:
            links |= {"/usr/sbin/nginx": "/usr/sbin/nginx.bin"}
        folders = ["/tmp", "/var/cache/nginx", "/var/lib/nginx"]  # noqa: S108 (in the image)
        entrypoint = ["nginx", "-g", "daemon off;"]
        return Contents(entrypoint, _NGINX_USER, _with_libraries(files), texts, links, folders)

    def _stand_in(self) -> Contents:
        nginx = self._nginx()
        texts = {**nginx.texts, "/etc/answers.conf": _ANSWERS, **dict.fromkeys(("/bin/answer", *_REPLACED), _ANSWER)}
        return Contents(["/bin/answer"], _NOBODY, nginx.files, texts, nginx.links, nginx.folders)


def _accounts() -> dict[str, str]:
    return {"/etc/passwd": _ACCOUNTS, "/etc/group": _GROUPS}


def _found(name: str) -> Path:
    """Return a program of the system; every one that is asked for is in each of its smallest installations."""
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"an image needs {name}, and there is none on PATH")
    return Path(found).resolve()


def _with_libraries(files: Mapping[str, Path]) -> dict[str, Path]:
    """Return files with the shared libraries that they are linked with, at the places where the system has them."""
    return {**_libraries(files.values()), **files}


def _libraries(programs: Iterable[Path]) -> dict[str, Path]:
    said = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=False).stdout
    return {path: Path(path).resolve() for path in _LIBRARY.findall(said)}
