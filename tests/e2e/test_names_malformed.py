"""Datagrams that are no PNRP: counted under a reason, never answered, and the node lives on.

Each test sends a well-formed SOLICIT from the same socket as well: its answer shows that silence is
the node's choice and not a broken test.
"""
import os
import struct

import pytest

from nodes import eventually

SILENCE_SECONDS = 0.7  # an answer on this machine takes a millisecond
ANSWER_SECONDS = 5

HEADER = 0x0010
HASHED_NONCE = 0x0092
SOLICIT = 0x01
LOOKUP = 0x0B


def header(message: int, version: tuple[int, int] = (5, 0), identifier: int = 0x51) -> bytes:
    """MS-PNRP 2.2.1, version 5.0 in the modern profile."""
    return struct.pack(">HHBBBB", HEADER, 12, identifier, *version, message) + os.urandom(4)


def solicit(**changed) -> bytes:
    """The smallest SOLICIT: header and hashed nonce (MS-PNRP 2.2.2.1)."""
    return header(SOLICIT, **changed) + struct.pack(">HH", HASHED_NONCE, 24) + os.urandom(20)


# (what, datagram, the reason it is counted under)
MALFORMED = [
    ("half a header", solicit()[:7], "truncated"),
    ("a nonce cut short", solicit()[:-3], "truncated"),
    ("more than a datagram may hold", solicit() + bytes(1217), "oversized"),
    ("the published profile", solicit(version=(4, 0)), "other_profile"),
    ("a version of tomorrow", solicit(version=(6, 0)), "other_profile"),
    ("another identifier", solicit(identifier=0x52), "not_pnrp"),
    ("text", b"GET / HTTP/1.1\r\nHost: kith\r\n\r\n", "not_pnrp"),
    ("a message type that is none", header(0x05) + solicit()[12:], "unknown_type"),
    ("bytes after the end", solicit() + bytes(4), "trailing_bytes"),
]


def dropped(node) -> dict[str, int]:
    return node.cloud()["counters"]["dropped"]


def received_within(socket, seconds: float) -> bytes | None:
    socket.settimeout(seconds)
    try:
        return socket.recvfrom(65536)[0]
    except TimeoutError:
        return None


@pytest.fixture
def target(world):
    """A node with a name, and the sockets of a stranger on the other link."""
    node = world.node("target", 1, arguments=("--seed-node",)).start()
    node.create_identity("target")
    node.ask("name", "publish", "web", "--address", f"{node.host.endpoint(443)}/tcp")
    return node


@pytest.fixture
def stranger(world):
    return world.network.host("stranger", 2)


# PNRP-008, PNRP-009
@pytest.mark.parametrize("what, datagram, reason", MALFORMED, ids=[row[0] for row in MALFORMED])
def test_a_malformed_datagram_is_counted_and_not_answered(target, stranger, what, datagram, reason):
    before = dropped(target)
    with stranger.udp_socket(5000) as socket:
        socket.sendto(datagram, (target.host.address, target.port))

        eventually(f"{what} is counted as {reason}",
                   lambda: dropped(target)[reason] == before[reason] + 1, 5)
        assert received_within(socket, SILENCE_SECONDS) is None

        socket.sendto(solicit(), (target.host.address, target.port))
        assert received_within(socket, ANSWER_SECONDS) is not None
    others = {name: count for name, count in dropped(target).items() if name != reason}
    assert others == {name: count for name, count in before.items() if name != reason}


def test_garbage_of_every_size_is_counted_and_not_answered(target, stranger):
    before = sum(dropped(target).values())
    sizes = [0, 1, 3, 4, 11, 12, 13, 36, 104, 500, 1215, 1216, 1217, 4000, 20000, 60000]
    with stranger.udp_socket(5000) as socket:
        for size in sizes:
            socket.sendto(os.urandom(size), (target.host.address, target.port))

        eventually(f"{len(sizes)} datagrams of garbage are counted",
                   lambda: sum(dropped(target).values()) == before + len(sizes), 5)
        assert received_within(socket, SILENCE_SECONDS) is None

        socket.sendto(solicit(), (target.host.address, target.port))
        assert received_within(socket, ANSWER_SECONDS) is not None


def test_an_answer_to_a_stranger_is_at_most_three_times_the_question(target, stranger):
    with stranger.udp_socket(5000) as socket:
        question = solicit()
        socket.sendto(question, (target.host.address, target.port))
        answer = received_within(socket, ANSWER_SECONDS)

    assert answer is not None
    assert len(answer) <= 3 * len(question)


# PNRP-002
@pytest.mark.namespaces
def test_a_reserved_source_port_is_not_answered(target, stranger):
    # No node has a port of 1024 or below, so whoever writes from one is not a node.
    before = dropped(target)["bad_source"]
    with stranger.udp_socket(1000) as socket:
        socket.sendto(solicit(), (target.host.address, target.port))

        eventually("the source is counted",
                   lambda: dropped(target)["bad_source"] == before + 1, 5)
        assert received_within(socket, SILENCE_SECONDS) is None


def test_a_flood_of_garbage_does_not_keep_the_cloud_from_resolving(world, stranger):
    _, alice, bob = world.cloud("alice", "bob")
    alice.create_identity("alice")
    name = alice.publish("web", "--address", f"{alice.host.endpoint(443)}/tcp")
    with stranger.udp_socket(5000) as socket:
        for _ in range(2000):
            socket.sendto(header(LOOKUP) + os.urandom(60), (alice.host.address, alice.port))

        assert bob.resolved(name["peer_name"])["node_endpoints"] == [alice.endpoint]
