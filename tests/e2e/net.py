"""Networks for tests and the demo, on this machine alone.

`TwoLinks` is two Ethernet links joined by a router, each host in a network namespace of its own.
Its hosts can be behind bad weather: delay and loss, made in user space (weather_link.py).
`Loopback` has the same shape on 127.0.0.0/8, for machines that refuse namespaces.

The namespaces live inside a private world (`enter_private_world`): a network, mount and, for people
who are not root, user namespace of this process. When the process ends, however it ends, the kernel
takes all of it away, so nothing has to be cleaned up and no name can collide.
"""
import ctypes
import ipaddress
import os
import pathlib
import socket
import subprocess
import sys
import threading
from typing import NamedTuple

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

COMMAND_SECONDS = 10  # for one ip(8) command
_libc = ctypes.CDLL(None, use_errno=True)


class NoNamespaces(Exception):
    """This machine does not let us make network namespaces; the text says at which step."""


def _run(*command: str, inside: str | None = None) -> None:
    _output(*command, inside=inside)


def _output(*command: str, inside: str | None = None) -> str:
    prefix = ["nsenter", f"--net=/run/netns/{inside}"] if inside else []
    done = subprocess.run([*prefix, *command], capture_output=True, text=True, check=False,
                          timeout=COMMAND_SECONDS)
    if done.returncode != 0:
        raise NoNamespaces(f"`{' '.join(command)}`: {done.stderr.strip() or done.returncode}")
    return done.stdout


def _add_namespace(name: str) -> None:
    _run("ip", "netns", "add", name)
    # Duplicate address detection would keep every address unusable for its first seconds.
    _run("sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad", inside=name)
    _run("ip", "link", "set", "lo", "up", inside=name)


def _unshare(flags: int) -> None:
    if _libc.unshare(flags) != 0:
        raise NoNamespaces(f"unshare: {os.strerror(ctypes.get_errno())}")


def _make_private_world() -> None:
    user, group = os.getuid(), os.getgid()
    if user == 0:
        _unshare(CLONE_NEWNET | CLONE_NEWNS)
    else:
        _unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS)
        pathlib.Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        pathlib.Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
        pathlib.Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="ascii")
    _run("mount", "--make-rprivate", "/")
    _run("mount", "-t", "tmpfs", "none", "/run")
    os.makedirs("/run/netns")
    _run("ip", "link", "set", "lo", "up")


class Weather(NamedTuple):
    """What happens to the frames between a host and its link, each way."""

    delay_ms: float = 0
    jitter_ms: float = 0
    loss: float = 0

    def __str__(self) -> str:
        return f"{self.delay_ms:g} ms of delay and {100 * self.loss:g} % loss each way"


def enter_private_world(weather: Weather | None = None) -> None:
    """Moves this process, which must not have threads yet, into namespaces of its own.

    Raises NoNamespaces without having changed anything: a child tries everything first, the weather
    of the network to be made included, because a process cannot come back.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        reason = ""
        try:
            _make_private_world()
            network = TwoLinks(weather=weather)
            network.host("probe", 1)
        except (NoNamespaces, OSError, subprocess.SubprocessError) as error:
            reason = str(error) or repr(error)
        os.write(writer, reason.encode()[:4000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        reason = pipe.read().decode()
    os.waitpid(child, 0)
    if reason:
        raise NoNamespaces(reason)
    _make_private_world()


class Host:
    """A place where a node can run: an address and, on a real network, a namespace."""

    def __init__(self, name: str, link: int, address: str, namespace: str | None):
        self.name = name
        self.link = link
        self.address = address
        self.namespace = namespace

    @property
    def link_address(self) -> str:
        """Its link-local IPv6 address."""
        shown = _output("ip", "-o", "-6", "address", "show", "scope", "link",
                        inside=self.namespace)
        return shown.split(" inet6 ")[1].split("/")[0]

    def run(self, *command: str) -> None:
        """Runs a command of the system on this host; it has to succeed."""
        _run(*command, inside=self.namespace)

    def endpoint(self, port: int) -> str:
        return f"[{self.address}]:{port}" if ":" in self.address else f"{self.address}:{port}"

    def command(self, *command: str | os.PathLike) -> list[str]:
        """What to execute so that `command` runs on this host."""
        prefix = ["nsenter", f"--net=/run/netns/{self.namespace}"] if self.namespace else []
        return [*prefix, *(os.fspath(part) for part in command)]

    def udp_socket(self, port: int = 0) -> socket.socket:
        """A socket bound to this host's address; it stays in the host's namespace for good."""
        made: list[socket.socket | OSError] = []

        def make() -> None:
            try:
                if self.namespace:
                    _enter_network(self.namespace)
                version = ipaddress.ip_address(self.address).version
                family = socket.AF_INET6 if version == 6 else socket.AF_INET
                made.append(socket.socket(family, socket.SOCK_DGRAM))
                made[0].bind((self.address, port))
            except OSError as error:
                made[:] = [error]

        # A namespace belongs to a thread: one that ends takes no one else with it.
        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        if isinstance(made[0], OSError):
            raise made[0]
        return made[0]


def _enter_network(namespace: str) -> None:
    with open(f"/run/netns/{namespace}", "rb") as handle:
        if _libc.setns(handle.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace}")


class TwoLinks:
    """Links 1 and 2 and a router that is on both: of IPv6 (2001:db8:1::/64, 2001:db8:2::/64) or of
    IPv4 (192.0.2.0/24, 198.51.100.0/24).

    Needs `enter_private_world()`. At most 200 hosts, the addresses that they had included.
    """

    kind = "namespaces"
    _networks = {
        6: {1: "2001:db8:1::/64", 2: "2001:db8:2::/64"},
        4: {1: "192.0.2.0/24", 2: "198.51.100.0/24"},
    }
    _forwarding = {6: "/proc/sys/net/ipv6/conf/all/forwarding", 4: "/proc/sys/net/ipv4/ip_forward"}

    def __init__(self, version: int = 6, weather: Weather | None = None) -> None:
        self.weather = weather
        self._carriers: list[subprocess.Popen] = []
        self._numbers = 16
        self.link_names = self._networks[version]
        self._version = version
        self._hosts: dict[str, Host] = {}
        self._router = "kd-router"
        _add_namespace(self._router)
        for link in (1, 2):
            # A bridge without an address of its own takes the lowest of its ports', so that each new
            # host could change the router's and strand those that remember the old one.
            _run("ip", "link", "add", f"link{link}", "address", f"02:00:00:00:00:0{link}",
                 "type", "bridge", inside=self._router)
            self._add_address(self._router, f"link{link}", link, 1)
            _run("ip", "link", "set", f"link{link}", "up", inside=self._router)
        self.heal()

    def _address(self, link: int, number: int) -> str:
        return str(ipaddress.ip_network(self.link_names[link])[number])

    def _add_address(self, namespace: str, device: str, link: int, number: int) -> None:
        length = ipaddress.ip_network(self.link_names[link]).prefixlen
        immediately = ["nodad"] if self._version == 6 else []
        _run("ip", "addr", "add", f"{self._address(link, number)}/{length}", "dev", device,
             *immediately, inside=namespace)

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers - 1

    def host(self, name: str, link: int) -> Host:
        number = self._next_number()
        host = Host(name, link, self._address(link, number), f"kd-{name}")
        port = f"port{number}"
        _add_namespace(host.namespace)
        if self.weather:
            self._connect_through_weather(host, port, self.weather, number)
        else:
            _run("ip", "link", "add", "eth0", "netns", host.namespace, "type", "veth", "peer",
                 "name", port, "netns", self._router)
        _run("ip", "link", "set", port, "master", f"link{link}", "up", inside=self._router)
        self._add_address(host.namespace, "eth0", link, number)
        host.run("ip", "link", "set", "eth0", "up")
        host.run("ip", "route", "add", "default", "via", self._address(link, 1))
        self._hosts[name] = host
        return host

    def _connect_through_weather(self, host: Host, port: str, weather: Weather, seed: int) -> None:
        carrier = subprocess.Popen(
            [sys.executable, pathlib.Path(__file__).with_name("weather_link.py"), host.namespace,
             "eth0", self._router, port, f"--delay={weather.delay_ms}",
             f"--jitter={weather.jitter_ms}", f"--loss={weather.loss}", f"--seed={seed}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._carriers.append(carrier)
        said = carrier.stdout.readline().strip()
        if said != "ready":
            raise NoNamespaces(said or "the link with weather did not come up")

    def readdress(self, host: Host) -> None:
        """Gives `host` its address and its route again, after its interface was down."""
        length = ipaddress.ip_network(self.link_names[host.link]).prefixlen
        immediately = ["nodad"] if self._version == 6 else []
        host.run("ip", "addr", "replace", f"{host.address}/{length}", "dev", "eth0", *immediately)
        host.run("ip", "route", "replace", "default", "via", self._address(host.link, 1))

    def move(self, host: Host) -> str:
        """Gives `host` another address on its link, and takes the old one away; returns that."""
        old, number = host.address, self._next_number()
        length = ipaddress.ip_network(self.link_names[host.link]).prefixlen
        host.run("ip", "addr", "del", f"{old}/{length}", "dev", "eth0")
        self._add_address(host.namespace, "eth0", host.link, number)
        host.run("ip", "route", "replace", "default", "via", self._address(host.link, 1))
        host.address = self._address(host.link, number)
        return old

    def spread(self, host: Host, count: int) -> list[str]:
        """Gives `host` an IPv6 address in each of `count` more networks, which lead to it."""
        addresses = [f"2001:db8:{0x100 + number:x}::1" for number in range(count)]
        for address in addresses:
            host.run("ip", "addr", "add", f"{address}/64", "dev", "eth0", "nodad")
            _run("ip", "-6", "route", "add", f"{address}/64", "via", host.address,
                 inside=self._router)
        return addresses

    def close(self) -> None:
        """Removes every namespace; nodes that still run keep theirs until they end."""
        for carrier in self._carriers:
            carrier.kill()
            carrier.wait(COMMAND_SECONDS)
            carrier.stdout.close()
        for namespace in (self._router, *(host.namespace for host in self._hosts.values())):
            _run("ip", "netns", "delete", namespace)

    def _forward(self, value: int) -> None:
        _run("sh", "-c", f"echo {value} > {self._forwarding[self._version]}", inside=self._router)

    def cut(self) -> None:
        """Splits the network: no datagram crosses between the links until `heal()`."""
        self._forward(0)

    def heal(self) -> None:
        self._forward(1)


class NameService:
    """What host names mean on this network: /etc/hosts of the private world, while it is open."""

    def __init__(self, file: pathlib.Path) -> None:
        self._file = file
        self.set({})
        _run("mount", "--bind", str(file), "/etc/hosts")

    def set(self, names: dict[str, list[str]]) -> None:
        # In place: the mount is of this very file.
        lines = [f"{address} {name}" for name, found in names.items() for address in found]
        self._file.write_text("\n".join(["127.0.0.1 localhost", *lines, ""]), encoding="ascii")

    def close(self) -> None:
        _run("umount", "/etc/hosts")


class Loopback:
    """The same hosts as addresses of the loopback interface: nothing separates them."""

    kind = "loopback"
    link_names = {1: "127.0.0.0/8", 2: "127.0.0.0/8"}

    def __init__(self) -> None:
        self._count = 0

    def host(self, name: str, link: int) -> Host:
        self._count += 1
        # The process id keeps two runs on one machine apart.
        address = f"127.{1 + os.getpid() % 200}.{link}.{self._count}"
        return Host(name, link, address, None)

    def close(self) -> None:
        pass


if __name__ == "__main__":
    try:
        enter_private_world()
    except NoNamespaces as refusal:
        sys.exit(f"no namespaces: {refusal}")
    print("namespaces can be made here")
