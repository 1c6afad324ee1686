"""A node with a private IPv4 address only: what it says that it can do, and a gateway that forwards
its port, by each of the two protocols (fake_gateway.py)."""
import json
import pathlib
import subprocess
import sys

import pytest

import net
import nodes

OUTSIDE = "81.0.0.7"  # miniupnpc wants one that is not reserved; nothing is sent there
STOP_SECONDS = 5


class Home:
    """A link with a gateway and one host, which knows no other way out."""

    def __init__(self, folder: pathlib.Path, programs: pathlib.Path):
        self.folder = folder
        self.programs = programs
        self.log = folder / "gateway.jsonl"
        self._process: subprocess.Popen | None = None
        self.gateway = net.Host("gateway", 1, "192.168.77.1", "kd-gateway")
        self.host = net.Host("home", 1, "192.168.77.2", "kd-home")
        for host in (self.gateway, self.host):
            net._add_namespace(host.namespace)
        net._run("ip", "link", "add", "eth0", "netns", self.host.namespace, "type", "veth", "peer",
                 "name", "lan", "netns", self.gateway.namespace)
        self.gateway.run("ip", "addr", "add", "192.168.77.1/24", "dev", "lan")
        self.gateway.run("ip", "link", "set", "lan", "up")
        self.host.run("ip", "addr", "add", "192.168.77.2/24", "dev", "eth0")
        self.host.run("ip", "link", "set", "eth0", "up")
        self.host.run("ip", "route", "add", "default", "via", "192.168.77.1")
        self.nodes: list[nodes.Node] = []

    def serve(self, protocol: str) -> None:
        program = pathlib.Path(__file__).with_name("fake_gateway.py")
        self._process = subprocess.Popen(self.gateway.command(
            sys.executable, program, protocol, "--address", self.gateway.address,
            "--outside", OUTSIDE, "--log", self.log), stdin=subprocess.DEVNULL)
        nodes.eventually("the gateway serves", lambda: self.asked("ready"))

    def asked(self, event: str) -> list[dict]:
        if not self.log.exists():
            return []
        lines = self.log.read_text(encoding="ascii").splitlines()
        return [entry for entry in map(json.loads, lines) if entry["event"] == event]

    def node(self, *arguments: str) -> nodes.Node:
        made = nodes.Node(self.host, self.folder, self.programs,
                          arguments=("--no-ssdp", *arguments))
        self.nodes.append(made)
        return made.start()

    def close(self) -> None:
        for node in self.nodes:
            node.kill()
        if self._process:
            self._process.kill()
            self._process.wait(STOP_SECONDS)
        for host in (self.gateway, self.host):
            net._run("ip", "netns", "delete", host.namespace)


@pytest.fixture
def home(tmp_path, programs):
    made = Home(tmp_path, programs)
    yield made
    made.close()


@pytest.mark.namespaces
def test_a_private_address_alone_publishes_nothing_in_the_global_cloud(home):
    node = home.node("--no-port-mapping")
    node.create_identity("alice")
    cloud = node.clouds()["Global_"]
    assert (cloud["state"], cloud["endpoints"]) != ("no_net", [])
    assert cloud["reach"] == "unknown"  # there is nobody to ask

    refused = node.kith("name", "publish", "web", "--address", "203.0.113.9:443/tcp",
                        "--cloud", "Global_")

    assert refused.code == 1
    assert refused.document["error"]["code"] == "resolve_only"
    # In the site's cloud, where everybody reaches it, it publishes.
    assert node.clouds()["SiteLocal_"]["reach"] == "publish"
    name = node.ask("name", "publish", "web", "--address", "192.168.77.2:443/tcp")
    assert [each["cloud"] for each in name["clouds"]] == ["SiteLocal_"]


@pytest.mark.namespaces
@pytest.mark.parametrize("protocol, port", [("nat-pmp", 13540), ("upnp", 3540)])
def test_a_port_that_the_gateway_forwards_is_published_and_taken_back(home, protocol, port):
    home.serve(protocol)
    node = home.node()
    node.create_identity("alice")
    # Published where it is possible now; the global cloud follows by itself.
    early = node.ask("name", "publish", "early", "--address", "203.0.113.9:443/tcp",
                     "--address", "192.168.77.2:443/tcp")

    nodes.eventually("the outside endpoint is the node's",
                     lambda: node.clouds()["Global_"]["endpoints"] == [f"{OUTSIDE}:{port}"])

    assert [(each["port"], each["lifetime"]) for each in home.asked("forward")] == [(3540, 3600)]
    clouds = {each["cloud"] for each in node.published(early["peer_name"])["clouds"]}
    assert clouds == {"Global_", "SiteLocal_"}
    name = node.ask("name", "publish", "web", "--cloud", "Global_")
    assert name["addresses"] == [OUTSIDE]
    assert not home.asked("remove")

    assert node.stop() == 0

    assert [each["port"] for each in home.asked("remove")] == [3540]


@pytest.mark.namespaces
def test_a_gateway_is_left_alone_where_that_is_configured(home):
    home.serve("nat-pmp")
    node = home.node("--no-port-mapping")
    node.wait_settled()
    assert node.stop() == 0
    assert not home.asked("forward") and not home.asked("remove")
