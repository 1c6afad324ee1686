"""`kith --embedded`: commands with a node of their own, in a cloud of real `kithd`s."""
import json
import os
import signal
import subprocess

import pytest

from nodes import NodeError, eventually

STAY_SECONDS = 20  # until a publishing `kith` has printed what it published


class Lone:
    """A host without `kithd`."""

    def __init__(self, world, name: str, link: int, seed):
        self.world = world
        self.host = world.network.host(name, link)
        self.seed = seed
        self.data = world.folder / f"{name}-data"

    def command(self, *arguments, data=None) -> list[str]:
        words = [self.world.programs / "kith", "--embedded", "--data", data or self.data,
                 "--listen", self.host.endpoint(3540), "--no-ssdp", "--seed", self.seed.endpoint,
                 "--json", *arguments]
        return self.host.command(*[os.fspath(word) for word in words])

    def kith(self, *arguments, data=None) -> subprocess.CompletedProcess:
        return subprocess.run(self.command(*arguments, data=data), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=60)

    def ask(self, *arguments):
        done = self.kith(*arguments)
        if done.returncode != 0:
            raise NodeError(f"{arguments} ended with {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)


@pytest.fixture
def cloud(world):
    seed, alice = world.cloud("alice")
    alice.create_identity("alice")
    return seed, alice, Lone(world, "lone", 2, seed)


def test_a_name_is_resolved_without_a_daemon(cloud):
    _, alice, lone = cloud
    name = alice.publish("web", "--comment", "hello")["peer_name"]

    found = lone.ask("name", "resolve", name)

    assert (found["comment"], found["verified"]) == ("hello", True)
    assert found["node_endpoints"] == [alice.endpoint]
    assert lone.ask("cloud", "list")["clouds"][0]["state"] == "active"
    missed = lone.kith("name", "resolve", "0.nothing")
    assert missed.returncode == 1
    assert json.loads(missed.stdout)["error"]["code"] == "not_found"
    # It left: no socket stays, and the nodes that it met are remembered.
    assert not (lone.data / "embedded.sock").exists()
    assert (lone.data / "nodes").read_text(encoding="utf-8").startswith("kith nodes")


def test_a_name_is_published_until_the_command_is_interrupted(cloud):
    seed, alice, lone = cloud
    lone.ask("identity", "create", "visitor", "--no-passphrase")

    staying = subprocess.Popen(lone.command("name", "publish", "web", "--comment", "here"),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    try:
        lines = []
        while not lines or lines[-1] != "}\n":
            lines.append(staying.stdout.readline())
            assert lines[-1], staying.stderr.read()
        name = json.loads("".join(lines))["peer_name"]
        found = eventually("alice finds the name",
                           lambda: (answer := alice.resolve(name)).code == 0 and answer.document,
                           STAY_SECONDS)
        assert (found["comment"], found["verified"]) == ("here", True)

        # The data has one user at a time, whoever it is.
        refused = lone.kith("identity", "list")
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "already" in refused.stderr and "--data DIR" in refused.stderr
    finally:
        staying.send_signal(signal.SIGINT)
        code = staying.wait(STAY_SECONDS)
    assert code == 0
    assert "Ctrl-C" in staying.stderr.read()
    assert alice.resolve(name).code == 1  # taken back, not only silent
    assert seed.resolve(name).code == 1


def test_kithd_and_an_embedded_node_share_their_identities_but_not_at_once(cloud):
    _, alice, lone = cloud

    refused = lone.kith("identity", "list", data=alice.data)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("kith: ") and refused.stderr.count("\n") == 1
    assert "kithd" in refused.stderr and str(alice.data) in refused.stderr

    assert alice.stop() == 0
    shown = lone.kith("identity", "list", data=alice.data)
    assert shown.returncode == 0
    assert [each["name"] for each in json.loads(shown.stdout)["identities"]] == ["alice"]


def test_options_of_the_node_are_for_an_embedded_one(cloud):
    lone = cloud[2]
    mistaken = subprocess.run(
        [lone.world.programs / "kith", "--seed", "first.example", "status"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
    assert (mistaken.returncode, mistaken.stdout) == (2, "")
    assert "--embedded" in mistaken.stderr
