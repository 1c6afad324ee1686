"""Neighbours that mean ill: they cannot make a node grow without bound, keep its other neighbours
waiting, or make it lose a record.

Alice and Bob share a graph over the attacked node and cannot reach each other; the liars
(hostile.py) sit on a host of their own. Every test prints what it measured (pytest -s).
"""
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

import pytest

import graphs
import hostile
from nodes import COMMAND_SECONDS, Node, eventually

SCRIPT = pathlib.Path(hostile.__file__)
GRAPH = "plans"
ATTACK_SECONDS = 8
PUBLISH_EVERY = 0.2     # seconds

# What the issue asks for is a second. A machine that is busy with other things must not fail the
# test, so the bound here is wider and the figure is printed.
LATENCY_MAX = 5.0
# Beside what it stores, in MiB: one liar may fill frames, queues, and an unfinished message.
GROWTH_MAX = 96

pytestmark = pytest.mark.namespaces


def memory(node: Node, key: str) -> float:
    """VmRSS or VmHWM of its process, in MiB."""
    for line in pathlib.Path(f"/proc/{node.process.pid}/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) / 1024
    raise KeyError(key)


def cut_off(node: Node, other: Node) -> None:
    """No packet goes from one to the other."""
    node.host.run("ip", "-6", "route", "add", "blackhole", f"{other.host.address}/128")


class Watch:
    """When records arrived at a node, by their payload."""

    def __init__(self, node: Node, record_type: str):
        self.arrived: dict[str, float] = {}
        self.process = subprocess.Popen(
            [os.fspath(part) for part in (node.programs / "kith", "--api", node.socket, "watch",
                                          GRAPH, "--type", record_type, "--json")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert json.loads(self.process.stdout.readline())["event"] == "watching"
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            now = time.monotonic()
            event = json.loads(line)
            if event["event"] == "record_added":
                self.arrived[graphs.payload_of(event["record"])] = now

    def close(self) -> None:
        self.process.kill()
        self.process.wait(COMMAND_SECONDS)


class Attack:
    """Liars of some manners on one host, until they are over."""

    def __init__(self, host, sources: list[str], victim: Node, manners: list[str],
                 seconds: float):
        endpoint = graphs.graph_endpoint(victim, GRAPH)
        self.processes = [
            subprocess.Popen(
                host.command(sys.executable, SCRIPT, "--to", endpoint, "--graph", GRAPH,
                             "--manner", manner, "--seconds", str(seconds), "--source", source),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for manner, source in zip(manners, sources, strict=True)]

    def is_over(self) -> bool:
        return all(process.poll() is not None for process in self.processes)

    def result(self) -> list[dict]:
        told = []
        for process in self.processes:
            out, err = process.communicate(timeout=COMMAND_SECONDS)
            assert process.returncode == 0, err
            told.append(json.loads(out))
        return told

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()


class Stage:
    """Alice, the attacked node and Bob, and what honest records meet between them."""

    def __init__(self, world):
        self.alice, self.victim, self.bob = (
            world.node(name, link).start()
            for name, link in (("alice", 1), ("victim", 1), ("bob", 2)))
        self.liars = world.network.host("liars", 2)
        # Networks of their own: few may knock at once from the same one.
        self.sources = world.network.spread(self.liars, len(hostile.MANNERS))
        cut_off(self.alice, self.bob)
        cut_off(self.bob, self.alice)
        graphs.found(self.victim, GRAPH)
        for node in (self.alice, self.bob):
            graphs.join(node, GRAPH, self.victim)
        # Enough records that a question for everything is not answered in one piece.
        Attack(self.liars, self.sources[:1], self.victim, ["floods"], 4).result()
        self.sent: dict[str, float] = {}
        self.ids: set[str] = set()
        self.watches = {"bob": Watch(self.bob, "honest"), "alice": Watch(self.alice, "honest")}

    def publish(self, until) -> None:
        """Records from both ends in turn, while `until()` is false."""
        while not until():
            publisher = self.alice if len(self.sent) % 2 == 0 else self.bob
            payload = f"{publisher.host.name} {len(self.sent)}"
            started = time.monotonic()
            self.ids.add(graphs.add(publisher, GRAPH, "honest", payload)["id"])
            self.sent[payload] = started
            time.sleep(max(0.0, started + PUBLISH_EVERY - time.monotonic()))

    def latencies(self, payloads: set[str]) -> list[float]:
        """Seconds from the beginning of `kith record add` to the event at the other end."""
        out = []
        for payload in payloads:
            reader = "bob" if payload.startswith("alice") else "alice"
            watch = self.watches[reader]
            eventually(f"'{payload}' is at {reader}'s", lambda: payload in watch.arrived, 30)
            out.append(watch.arrived[payload] - self.sent[payload])
        return sorted(out)

    def dropped(self) -> dict[str, int]:
        status = self.victim.ask("graph", "status", GRAPH)
        return status["counters"]["dropped"]

    def close(self) -> None:
        for watch in self.watches.values():
            watch.close()


@pytest.fixture
def stage(world):
    made = Stage(world)
    yield made
    made.close()


def attack(stage: Stage, manners: list[str], seconds: float = ATTACK_SECONDS) -> dict:
    """Records flow before and during the attack; what came of it."""
    end = time.monotonic() + 3
    stage.publish(lambda: time.monotonic() > end)
    quiet = set(stage.sent)
    calm = stage.latencies(quiet)
    before = memory(stage.victim, "VmRSS")
    liars = Attack(stage.liars, stage.sources[:len(manners)], stage.victim, manners, seconds)
    try:
        stage.publish(liars.is_over)
        busy = stage.latencies(set(stage.sent) - quiet)
        told = liars.result()
    finally:
        liars.close()
    found = {
        "manners": manners, "latency_max_s_before": round(calm[-1], 3),
        "latency_p50_s": round(busy[len(busy) // 2], 3), "latency_max_s": round(busy[-1], 3),
        "records": len(busy), "rss_mib_before": round(before, 1),
        "rss_mib_after": round(memory(stage.victim, "VmRSS"), 1),
        "rss_mib_peak": round(memory(stage.victim, "VmHWM"), 1),
        "dropped": stage.dropped(), "liars": told}
    print(json.dumps(found))
    assert sum(each["connections"] for each in told) >= len(manners)
    for node in (stage.alice, stage.victim, stage.bob):
        assert stage.ids <= set(graphs.records(node, GRAPH, "--type", "honest")), node.host.name
    assert found["latency_max_s"] <= LATENCY_MAX
    assert found["rss_mib_peak"] - before <= GROWTH_MAX * len(manners)
    return found


# The reasons under which each manner is counted; nothing for one that keeps to the rules.
REASONS = {
    "floods": set(), "junk": {"bad_record", "too_many_invalid"}, "sizes": {"bad_frame"},
    "replays": set(), "future": {"from_the_future", "version_jump", "too_many_invalid"},
    "syncs": {"too_many_syncs"}, "holds": set(), "slow": {"slow_reader"},
    "deaf": {"too_many_syncs"}}


@pytest.mark.parametrize("manner", hostile.MANNERS)
def test_a_liar_neither_grows_a_node_nor_stalls_it_nor_loses_anything(stage, manner):
    found = attack(stage, [manner])
    assert REASONS[manner] <= set(found["dropped"])


def test_all_liars_at_once(stage):
    attack(stage, list(hostile.MANNERS), 2 * ATTACK_SECONDS)


def test_with_quotas_a_liar_fills_its_own_part_only(world):
    alice, bob = (world.node(name).start() for name in ("alice", "bob"))
    graphs.found(alice, GRAPH, "--max-records-each", "100")
    graphs.join(bob, GRAPH, alice)
    for node in (alice, bob):
        assert node.ask("graph", "status", GRAPH)["quotas"]["records_each_max"] == 100
    host = world.network.host("liars", 2)
    Attack(host, world.network.spread(host, 1), alice, ["floods"], 3).result()
    mine = graphs.add(bob, GRAPH, "honest", "mine")["id"]
    graphs.wait_equal(GRAPH, [alice, bob])
    for node in (alice, bob):
        kept = graphs.records(node, GRAPH)
        assert mine in kept and len(kept) == 101
    dropped = alice.ask("graph", "status", GRAPH)["counters"]["dropped"]
    assert dropped["over_quota"] > 0
