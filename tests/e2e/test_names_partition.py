"""A network that falls apart and comes together again."""
import pytest

from nodes import eventually

HEALED_SECONDS = 90  # within which each side finds the other side's names again


def publish(node) -> str:
    node.create_identity(node.host.name)
    return node.publish("web", "--address", f"{node.host.endpoint(443)}/tcp")["peer_name"]


@pytest.mark.namespaces
def test_each_side_of_a_split_works_alone_and_finds_the_other_again(world):
    seed, bob, alice, dave, carol = world.cloud("bob", "alice", "dave", "carol")
    here, there = (bob, dave), (alice, carol)
    assert {node.host.link for node in (seed, *here)} == {1}
    assert {node.host.link for node in there} == {2}
    names = {node: publish(node) for node in (*here, *there)}
    for seeker in (*here, *there):
        for name in names.values():
            seeker.resolved(name)

    world.network.cut()

    for left, right in (here, there):
        assert left.resolved(names[right])["node_endpoints"] == [right.endpoint]
    assert bob.resolve(names[carol], seconds=5).code == 1
    assert alice.resolve(names[dave], seconds=5).code == 1

    world.network.heal()

    for seeker, owner in ((bob, carol), (dave, alice), (alice, dave), (carol, bob)):
        found = eventually(f"{seeker.host.name} finds {owner.host.name} again",
                           lambda: seeker.resolve(names[owner], seconds=5).code == 0,
                           HEALED_SECONDS)
        assert found
