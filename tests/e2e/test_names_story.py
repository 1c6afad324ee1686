"""The main story of names: published here, found there, gone when it should be gone."""
import base64

import pytest

from nodes import eventually

COMMENT = "Résumé of Ærøskøbing"
PAYLOAD = bytes(range(256)) * 4


def address_on(node, port: int) -> str:
    return f"{node.host.endpoint(port)}/tcp"


def publish_site(node, folder, *options):
    payload = folder / "payload.bin"
    payload.write_bytes(PAYLOAD)
    return node.publish("web", "--address", address_on(node, 443), "--comment", COMMENT,
                        "--payload", payload, *options)


def assert_is_site(found: dict, publisher, name: dict) -> None:
    assert found["peer_name"] == name["peer_name"]
    assert found["addresses"] == [address_on(publisher, 443)]
    assert found["comment"] == COMMENT
    assert base64.b64decode(found["payload_base64"]) == PAYLOAD


def test_a_secure_name_resolves_on_the_other_link_to_what_was_published(world, tmp_path):
    _, alice, bob = world.cloud("alice", "bob")
    identity = alice.create_identity("alice")
    name = publish_site(alice, tmp_path, "--identity", "alice")

    found = bob.resolved(name["peer_name"])

    assert name["peer_name"] == f"{identity['authority']}.web"
    assert_is_site(found, alice, name)
    assert found["secure"] and found["verified"] and not found["local"]
    assert found["public_key_base64"] == identity["public_key_base64"]
    assert found["node_endpoints"] == [alice.endpoint]


def test_names_resolve_on_a_network_that_has_ipv4_only(ipv4_world, tmp_path):
    _, alice, bob = ipv4_world.cloud("alice", "bob")
    alice.create_identity("alice")
    name = publish_site(alice, tmp_path)

    found = bob.resolved(name["peer_name"])

    assert_is_site(found, alice, name)
    assert found["node_endpoints"] == [alice.endpoint]


def test_a_host_name_resolves_as_its_peer_name_does(world, tmp_path):
    _, alice, bob = world.cloud("alice", "bob")
    alice.create_identity("alice")
    name = publish_site(alice, tmp_path)

    assert_is_site(bob.resolved(name["host_name"]), alice, name)


def test_an_unsecured_name_resolves_and_is_not_called_verified(world, tmp_path):
    _, alice, bob = world.cloud("alice", "bob")
    alice.create_identity("alice")
    name = publish_site(alice, tmp_path, "--unsecured")

    found = bob.resolved("0.web")

    assert name["peer_name"] == "0.web"
    assert_is_site(found, alice, name)
    assert not found["secure"] and not found["verified"]


def test_a_republished_name_resolves_to_its_new_addresses(world):
    _, alice, bob = world.cloud("alice", "bob")
    alice.create_identity("alice")
    name = alice.publish("web", "--address", address_on(alice, 443))
    assert bob.resolved(name["peer_name"])["addresses"] == [address_on(alice, 443)]

    alice.publish("web", "--address", address_on(alice, 8443), "--comment", "moved")

    found = bob.resolved(name["peer_name"])
    assert found["addresses"] == [address_on(alice, 8443)]
    assert found["comment"] == "moved"


def test_a_name_that_nobody_holds_is_not_found(world):
    _, alice, bob = world.cloud("alice", "bob")
    alice.create_identity("alice")
    name = alice.publish("web", "--address", address_on(alice, 443))

    answer = bob.resolve(name["peer_name"].replace(".web", ".other"))

    assert answer.code == 1
    assert answer.document["error"]["code"] in ("not_found", "timed_out")
    assert answer.err.startswith("kith: ")


def test_an_unpublished_name_is_gone_for_the_others(world):
    _, alice, bob = world.cloud("alice", "bob")
    alice.create_identity("alice")
    name = alice.publish("web", "--address", address_on(alice, 443))
    bob.resolved(name["peer_name"])

    alice.ask("name", "unpublish", name["peer_name"])

    assert bob.resolve(name["peer_name"]).code == 1
    assert alice.ask("name", "list")["names"] == []


# PNRP-253, PNRP-257
def test_the_names_of_a_node_that_left_politely_are_gone_before_anybody_asks(world):
    # The neighbours of an id are members that have names themselves: so bob has one.
    seed, alice, bob = world.cloud("alice", "bob")
    for node in (alice, bob):
        node.create_identity(node.host.name)
    name = alice.publish("web", "--address", address_on(alice, 443))
    bob.publish("web", "--address", address_on(bob, 443))
    bob.resolved(name["peer_name"])
    assert seed.lists(alice) and bob.lists(alice)

    assert alice.stop() == 0

    # They were told: nobody has asked alice anything since.
    for node in (seed, bob):
        eventually(f"{node.host.name} has forgotten alice", lambda: not node.lists(alice), 3)
    answer = bob.resolve(name["peer_name"])
    assert answer.code == 1
    assert answer.document["error"]["code"] == "not_found"


def test_the_names_of_a_killed_node_are_not_found_and_nothing_hangs(world):
    _, alice, bob, carol = world.cloud("alice", "bob", "carol")
    for node in (alice, carol):
        node.create_identity(node.host.name)
    lost = alice.publish("web", "--address", address_on(alice, 443))
    kept = carol.publish("web", "--address", address_on(carol, 443))
    bob.resolved(lost["peer_name"])

    alice.kill()

    assert bob.lists(alice)  # nobody was told
    answer = bob.resolve(lost["peer_name"], seconds=8)
    assert answer.code == 1
    assert answer.document["error"]["code"] in ("not_found", "timed_out", "no_valid_answer")
    assert not bob.lists(alice)
    assert bob.resolved(kept["peer_name"])["addresses"] == [address_on(carol, 443)]


def test_every_member_finds_the_name_of_every_other(world):
    seed, *members = world.cloud("alice", "bob", "carol", "dave")
    published = {}
    for member in members:
        member.create_identity(member.host.name)
        published[member.host.name] = member.publish("web", "--address", address_on(member, 443))

    for seeker in [seed, *members]:
        for member in members:
            found = seeker.resolved(published[member.host.name]["peer_name"])
            assert found["addresses"] == [address_on(member, 443)]
            assert found["local"] == (seeker is member)


# PNRP-138
@pytest.mark.namespaces
def test_a_newcomer_finds_its_neighbours_without_a_seed(world):
    alice, bob = world.node("alice", 1), world.node("bob", 1)
    alice.arguments = bob.arguments = ()  # with discovery on the link
    alice.start().create_identity("alice")
    name = alice.ask("name", "publish", "web", "--address", address_on(alice, 443))

    bob.start()

    assert bob.resolved(name["peer_name"])["addresses"] == [address_on(alice, 443)]
