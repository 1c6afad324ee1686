"""Real `kithd` processes and the `kith` commands given to them.

A process is ended by its own id only, and never outlives the program that started it.
"""
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from typing import Any, Callable, NamedTuple

from net import Host

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

PORT = 3540
START_SECONDS = 20      # until the API answers
STOP_SECONDS = 10       # after SIGTERM
COMMAND_SECONDS = 60    # for one `kith` command
POLL_SECONDS = 0.05
RESOLVE_SECONDS = 10    # what `kith name resolve` is given

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


class NodeError(Exception):
    """A node or a command did what it should not; the text is for people."""


class Answer(NamedTuple):
    """What a `kith` command did."""

    command: str
    code: int
    out: str
    err: str
    seconds: float

    @property
    def document(self) -> Any:
        try:
            return json.loads(self.out)
        except json.JSONDecodeError as error:
            raise NodeError(f"`{self.command}` printed no JSON ({error}):\n{self.out}{self.err}")


def find_programs(folder: str | None = None) -> pathlib.Path | None:
    """The folder with kith and kithd: the given one, $KITH_BIN, or the newest build's."""
    given = folder or os.environ.get("KITH_BIN")
    if given:
        candidates = [pathlib.Path(given)]
    else:
        candidates = [REPOSITORY / "build" / preset / "bin" for preset in ("release", "dev")]
    found = [path for path in candidates
             if (path / "kith").is_file() and (path / "kithd").is_file()]
    return max(found, key=lambda path: (path / "kithd").stat().st_mtime).resolve() if found else None


def eventually(what: str, condition: Callable[[], Any], seconds: float = 20) -> Any:
    """The first true value of `condition`, or a NodeError after the given time."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise NodeError(f"not within {seconds:g} s: {what}")
        time.sleep(POLL_SECONDS)


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Node:
    """One `kithd` on one host, with a data folder that survives its restarts."""

    def __init__(self, host: Host, folder: pathlib.Path, programs: pathlib.Path,
                 seeds: tuple[str, ...] = (), arguments: tuple[str, ...] = (), port: int = PORT):
        self.host = host
        self.programs = programs
        self.seeds = seeds
        self.arguments = arguments
        self.port = port
        self.is_everywhere = False  # listens on every address, not only on the host's
        self.data = folder / host.name
        self.socket = folder / f"{host.name}.sock"
        self.log = folder / f"{host.name}.log"
        self.process: subprocess.Popen | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def endpoint(self) -> str:
        return self.host.endpoint(self.port)

    def start(self) -> "Node":
        if self.process:
            raise NodeError(f"{self.host.name} is running already")
        listen = f"[::]:{self.port}" if self.is_everywhere else self.endpoint
        command = [self.programs / "kithd", "--data", self.data, "--api", self.socket,
                   "--listen", listen, *self.arguments]
        for seed in self.seeds:
            command += ["--seed", seed]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.host.command(*command), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=_die_with_parent)
        eventually(f"{self.host.name} answers `kith status`", self._is_up, START_SECONDS)
        return self

    def _is_up(self) -> bool:
        if self.process.poll() is not None:
            code, self.process = self.process.returncode, None
            raise NodeError(f"{self.host.name}'s kithd ended with {code}:\n{self.log_tail()}")
        return self.socket.exists() and self.kith("status").code == 0

    def log_tail(self, lines: int = 15) -> str:
        if not self.log.exists():
            return "(no log)"
        text = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(text[-lines:])

    def kill(self) -> None:
        """Ends it as a power cut would."""
        if self.process:
            self.process.kill()
            self.process.wait(STOP_SECONDS)
            self.process = None

    def stop(self) -> int:
        """Asks it to leave; its exit code."""
        self.process.terminate()
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise NodeError(f"{self.host.name} was still there {STOP_SECONDS} s after SIGTERM")
        self.process = None
        return code

    def kith(self, *arguments: str | os.PathLike) -> Answer:
        """`kith --json ARGUMENTS` for this node, whatever comes of it."""
        command = [self.programs / "kith", "--api", self.socket, "--json", *arguments]
        started = time.monotonic()
        done = subprocess.run([os.fspath(part) for part in command], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False,
                              timeout=COMMAND_SECONDS)
        shown = " ".join(["kith", *(os.fspath(part) for part in arguments)])
        return Answer(shown, done.returncode, done.stdout, done.stderr, time.monotonic() - started)

    def ask(self, *arguments: str | os.PathLike) -> Any:
        """The document of a command that must succeed."""
        answer = self.kith(*arguments)
        if answer.code != 0:
            raise NodeError(f"on {self.host.name}, `{answer.command}` ended with {answer.code}:\n"
                            f"{answer.err}{answer.out}\n{self.log_tail()}")
        return answer.document

    # What most stories do --------------------------------------------------------------------

    def create_identity(self, label: str) -> dict:
        return self.ask("identity", "create", label, "--no-passphrase")

    def publish(self, classifier: str, *options: str | os.PathLike) -> dict:
        """Publishes a name and waits until the cloud knows of it, which takes other members that
        have names themselves."""
        name = self.ask("name", "publish", classifier, *options)
        self.wait_announced(name["peer_name"])
        return name

    def wait_announced(self, peer_name: str, cloud: str | None = None) -> None:
        """Until a cloud knows of the name: this one, or any."""
        def is_announced() -> bool:
            name = self.published(peer_name)
            if cloud is None:
                return name["announced"]
            return any(at["announced"] for at in name["clouds"] if at["cloud"] == cloud)

        eventually(f"{peer_name} is announced in {cloud or 'a cloud'}", is_announced)

    def published(self, peer_name: str) -> dict:
        for name in self.ask("name", "list")["names"]:
            if name["peer_name"] == peer_name:
                return name
        raise NodeError(f"{peer_name} is not published on {self.host.name}")

    def resolve(self, peer_name: str, seconds: float = RESOLVE_SECONDS,
                cloud: str | None = None) -> Answer:
        where = ("--cloud", cloud) if cloud else ()
        return self.kith("name", "resolve", peer_name, "--timeout", f"{seconds:g}", *where)

    def resolved(self, peer_name: str, seconds: float = RESOLVE_SECONDS,
                 cloud: str | None = None) -> dict:
        where = ("--cloud", cloud) if cloud else ()
        return self.ask("name", "resolve", peer_name, "--timeout", f"{seconds:g}", *where)

    def clouds(self) -> dict[str, dict]:
        return {cloud["name"]: cloud for cloud in self.ask("cloud", "list")["clouds"]}

    def cloud(self) -> dict:
        """The widest one."""
        return self.ask("status")["clouds"][0]

    def lists(self, other: "Node") -> bool:
        """Whether this node's cache holds a route to `other`."""
        peers = self.ask("cloud", "peers", self.cloud()["name"])["peers"]
        return any(other.endpoint in peer["endpoints"] for peer in peers)

    def wait_settled(self, seconds: float = 20) -> dict:
        """Until its search for other members is over, whether there are any or not."""
        def settled() -> dict | None:
            cloud = self.cloud()
            return None if cloud["state"] in ("virtual", "synchronizing") else cloud
        return eventually(f"{self.host.name} has looked for its cloud", settled, seconds)

    def wait_joined(self, seconds: float = 20) -> dict:
        """Until it knows a name of another member of its cloud."""
        def joined() -> dict | None:
            cloud = self.cloud()
            return cloud if cloud["state"] == "active" and cloud["cached"] > 0 else None
        return eventually(f"{self.host.name} has joined its cloud", joined, seconds)


if __name__ == "__main__":
    print(find_programs() or sys.exit("kith and kithd are not built"))
