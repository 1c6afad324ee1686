"""What a node still has after it was killed, and whom a newcomer can ask."""
import pytest

import net
from nodes import eventually

UNUSED_PORT = 3999


def publish(node) -> dict:
    return node.publish("web", "--address", f"{node.host.endpoint(443)}/tcp")


def test_a_killed_node_has_its_identities_again_and_publishes_under_the_same_name(world):
    _, alice, bob = world.cloud("alice", "bob")
    alice.create_identity("work")
    alice.create_identity("home")
    alice.ask("identity", "default", "home")
    before = alice.ask("identity", "list")
    name = publish(alice)

    alice.kill()
    alice.start()

    assert alice.ask("identity", "list") == before
    assert alice.published(name["peer_name"])["kept"]  # test_names_kept.py has more
    assert publish(alice)["peer_name"] == name["peer_name"]
    assert bob.resolved(name["peer_name"])["node_endpoints"] == [alice.endpoint]


def test_a_name_resolves_at_once_after_every_restart(world):
    """Each time it has a new id, and nobody has had the time to find out that the old one is gone."""
    _, alice, bob = world.cloud("alice", "bob")
    alice.create_identity("work")
    name = publish(alice)["peer_name"]
    for _ in range(5):
        alice.kill()
        alice.start()
        alice.wait_announced(name)
        assert bob.resolved(name)["node_endpoints"] == [alice.endpoint]


def test_a_killed_node_leaves_a_socket_file_that_its_successor_replaces(world):
    alice = world.node("alice").start()

    alice.kill()

    assert alice.socket.exists()
    alice.start()
    assert alice.ask("status")["pid"] == alice.process.pid


# PNRP-135, PNRP-137
def test_a_restarted_seed_remembers_the_cloud(world):
    seed, alice, bob = world.cloud("alice", "bob")
    alice.create_identity("alice")
    name = publish(alice)
    seed.resolved(name["peer_name"])

    assert seed.stop() == 0
    seed.start()

    # It has no seed itself: only what it remembers leads it back to the others.
    seed.wait_joined()
    assert seed.resolved(name["peer_name"])["node_endpoints"] == [alice.endpoint]
    assert bob.resolved(name["peer_name"])["node_endpoints"] == [alice.endpoint]


def test_the_cloud_goes_on_without_its_seed(world):
    seed, alice, bob = world.cloud("alice", "bob")
    for node in (alice, bob):
        node.create_identity(node.host.name)
    published = publish(alice)
    bob.resolved(published["peer_name"])

    seed.kill()

    assert bob.resolved(published["peer_name"])["node_endpoints"] == [alice.endpoint]
    later = publish(bob)
    assert alice.resolved(later["peer_name"])["node_endpoints"] == [bob.endpoint]


# PNRP-143
def test_a_dead_seed_among_several_does_not_keep_a_newcomer_out(world):
    seed, alice = world.cloud("alice")
    alice.create_identity("alice")
    name = publish(alice)
    dead = world.node("dead")

    late = world.node("late", 2, [dead, dead.host.endpoint(UNUSED_PORT), seed]).start()

    assert late.resolved(name["peer_name"])["node_endpoints"] == [alice.endpoint]


def test_a_node_whose_seeds_are_all_dead_says_so_and_stays(world):
    dead = world.node("dead")
    lone = world.node("lone", 2, [dead]).start()
    lone.create_identity("lone")

    answer = lone.resolve("0.nobody", seconds=5)

    assert answer.code == 1
    assert lone.process.poll() is None
    assert lone.cloud()["cached"] == 0


# PNRP-141, PNRP-142
@pytest.mark.namespaces
def test_a_seed_may_be_a_host_name_with_several_addresses(world, tmp_path):
    names = net.NameService(tmp_path / "hosts")
    try:
        seed, alice = world.cloud("alice")
        alice.create_identity("alice")
        name = publish(alice)
        dead = world.node("dead")
        names.set({"seed.kith.test": [dead.host.address, "192.0.2.77", seed.host.address]})

        late = world.node("late", 2, ["seed.kith.test"]).start()

        assert late.resolved(name["peer_name"])["node_endpoints"] == [alice.endpoint]
    finally:
        names.close()


# PNRP-141: at run time, and again after a failure.
@pytest.mark.namespaces
def test_a_seed_that_has_no_address_yet_is_looked_up_again(world, tmp_path):
    names = net.NameService(tmp_path / "hosts")
    try:
        seed, alice = world.cloud("alice")
        alice.create_identity("alice")
        publish(alice)
        late = world.node("late", 2, ["seed.kith.test"]).start()
        assert late.wait_settled()["state"] == "alone"
        assert "no address found for the seed seed.kith.test" in late.log_tail()

        names.set({"seed.kith.test": [seed.host.address]})

        assert eventually("late has found the cloud", lambda: late.cloud()["cached"] > 0, 40)
    finally:
        names.close()
