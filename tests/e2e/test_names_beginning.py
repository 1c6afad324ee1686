"""The first minutes of a cloud: nodes that have joined, and nobody has a name yet.

Members know each other by their names alone. Until the first is published every cache is empty, and
whoever publishes or asks then has to find the others at that moment.
"""
import pytest


def start(world, *names: str):
    seed = world.node("seed", 1, arguments=("--seed-node",)).start()
    members = [world.node(name, 1 + index % 2, [seed]).start() for index, name in enumerate(names)]
    for member in members:
        member.create_identity(member.host.name)
    return [seed, *members]


def publish(node) -> str:
    # The first name has nobody to be announced to, so this does not wait for it.
    return node.ask("name", "publish", "web",
                    "--address", f"{node.host.endpoint(443)}/tcp")["peer_name"]


@pytest.mark.parametrize("has_settled", [False, True], ids=["at once", "after the search is over"])
def test_the_first_name_is_found_by_one_who_was_there_before(world, has_settled):
    seed, alice, bob = start(world, "alice", "bob")
    if has_settled:
        for node in (seed, alice, bob):
            assert node.wait_settled()["state"] == "alone"

    name = publish(alice)

    assert bob.resolved(name)["node_endpoints"] == [alice.endpoint]
    assert seed.resolved(name)["node_endpoints"] == [alice.endpoint]


def test_the_first_two_names_are_announced_to_each_other(world):
    _, alice, bob = start(world, "alice", "bob")

    names = {node: publish(node) for node in (alice, bob)}

    for node, name in names.items():
        node.wait_announced(name)
    assert bob.resolved(names[alice])["node_endpoints"] == [alice.endpoint]
    assert alice.resolved(names[bob])["node_endpoints"] == [bob.endpoint]


def test_one_who_comes_later_finds_the_only_name(world):
    seed, alice = start(world, "alice")
    name = publish(alice)

    late = world.node("late", 2, [seed]).start()

    assert late.resolved(name)["node_endpoints"] == [alice.endpoint]


@pytest.mark.namespaces
def test_neighbours_without_a_seed_find_the_first_name_of_their_link(world):
    alice, bob = world.node("alice", 1), world.node("bob", 1)
    alice.arguments = bob.arguments = ()  # with discovery on the link
    alice.start().create_identity("alice")
    bob.start()

    name = publish(alice)

    assert bob.resolved(name)["node_endpoints"] == [alice.endpoint]


def test_a_node_that_is_alone_says_so(world):
    lone = world.node("lone").start()

    cloud = lone.wait_settled()

    assert cloud["state"] == "alone"
    assert cloud["cached"] == 0
    assert lone.resolve("0.nobody", seconds=5).code == 1
