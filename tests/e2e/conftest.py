"""Fixtures of the end-to-end tests: real processes on namespaces of this machine.

Where namespaces cannot be made, the tests run on loopback addresses, and those that need a real
network are skipped with the reason. `--programs FOLDER` (or $KITH_BIN) names the folder of kith and
kithd; otherwise the newest of build/release/bin and build/dev/bin is taken.
"""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import net    # noqa: E402
import nodes  # noqa: E402

_refusal: str | None = None  # why there are no namespaces


def pytest_addoption(parser):
    parser.addoption("--programs", default=None, help="the folder of kith and kithd")
    parser.addoption("--loopback", action="store_true", help="do not even try namespaces")


def pytest_configure(config):
    config.addinivalue_line("markers", "namespaces: needs a network, not only loopback addresses")


def pytest_sessionstart(session):
    """Here, because a process can enter namespaces only while it has no threads."""
    global _refusal
    if session.config.getoption("--loopback"):
        _refusal = "--loopback was given"
        return
    try:
        net.enter_private_world()
    except net.NoNamespaces as refusal:
        _refusal = str(refusal)


def pytest_report_header(config):
    return f"kith: {nodes.find_programs(config.getoption('--programs'))}"


def pytest_collection_modifyitems(items):
    if _refusal:
        skip = pytest.mark.skip(reason=f"no network namespaces here: {_refusal}")
        for item in items:
            if item.get_closest_marker("namespaces"):
                item.add_marker(skip)


@pytest.fixture(scope="session")
def programs(request) -> pathlib.Path:
    found = nodes.find_programs(request.config.getoption("--programs"))
    if not found:
        pytest.skip("kith and kithd are not built (cmake --build --preset release)")
    return found


class World:
    """A network of one test, and the nodes on it."""

    def __init__(self, folder: pathlib.Path, programs: pathlib.Path, version: int = 6,
                 weather: net.Weather | None = None):
        self.folder = folder
        self.programs = programs
        self.network = net.Loopback() if _refusal else net.TwoLinks(version, weather)
        self.nodes: list[nodes.Node] = []

    def node(self, name: str, link: int = 1, seeds: list = (), arguments: tuple = ()) -> nodes.Node:
        """A node that is not started yet. `seeds` are nodes or endpoints.

        Discovery on the link is off unless a test asks for it: what seeds do is seen only then.
        """
        texts = tuple(seed.endpoint if isinstance(seed, nodes.Node) else seed for seed in seeds)
        made = nodes.Node(self.network.host(name, link), self.folder, self.programs, texts,
                          ("--no-ssdp", *arguments))
        self.nodes.append(made)
        return made

    def roamer(self, name: str, link: int = 1, seeds: list = (), arguments: tuple = ()):
        """A node that is not started yet and goes wherever its host's addresses allow: link-local
        clouds too, with discovery on the link."""
        made = self.node(name, link, seeds)
        made.arguments = arguments
        made.is_everywhere = True
        return made

    def cloud(self, *names: str) -> list[nodes.Node]:
        """A running seed on link 1 and running members that alternate between the links.

        The seed has a name. Members know each other by their names alone, so this is a cloud that
        has begun; test_names_beginning.py has the others.
        """
        seed = self.node("seed", 1, arguments=("--seed-node",)).start()
        seed.create_identity("seed")
        seed.ask("name", "publish", "seed")
        members = [self.node(name, 1 + index % 2, [seed]).start()
                   for index, name in enumerate(names)]
        for member in members:
            member.wait_joined()
        return [seed, *members]

    def close(self) -> None:
        for node in self.nodes:
            node.kill()
        self.network.close()


@pytest.fixture
def world(tmp_path, programs):
    made = World(tmp_path, programs)
    yield made
    made.close()


@pytest.fixture
def stormy_world(tmp_path, programs):
    """Every host is 15 ms away from its link, and one frame in fifty is lost."""
    made = World(tmp_path, programs, weather=net.Weather(delay_ms=15, jitter_ms=5, loss=0.02))
    try:
        made.network.host("probe", 1)
    except net.NoNamespaces as refusal:
        made.close()
        pytest.skip(f"no weather here: {refusal}")
    yield made
    made.close()


@pytest.fixture
def ipv4_world(tmp_path, programs):
    made = World(tmp_path, programs, version=4)
    yield made
    made.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failed test shows what its nodes said."""
    report = (yield).get_result()
    if report.failed and report.when == "call":
        worlds = [value for value in item.funcargs.values() if isinstance(value, World)]
        for node in [node for world in worlds for node in world.nodes]:
            report.sections.append((f"log of {node.host.name}", node.log_tail(30)))
