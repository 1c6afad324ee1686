"""The published profile, PNRP 4.0, as real processes speak it: judged by a checker that was written
from the specification alone, and by Wireshark."""
import base64
import json
import shutil
import socket
import subprocess
import sys

import pytest

from capture import Capture
from nodes import PORT, REPOSITORY, eventually

DISSECT = REPOSITORY / "tools" / "pnrp-dissect"
DISSECT_SECONDS = 300
TYPES = ("SOLICIT", "ADVERTISE", "REQUEST", "FLOOD", "INQUIRE", "AUTHORITY", "ACK", "LOOKUP")
PAYLOAD = bytes(range(256)) * 8  # two fragments

# A LOOKUP of the modern profile (tests/golden/pnrp/modern/lookup.hex).
MODERN = bytes.fromhex("".join(
    (REPOSITORY / "tests/golden/pnrp/modern/lookup.hex").read_text(encoding="ascii").split()))

pytestmark = pytest.mark.namespaces


def windows_cloud(world, *names: str, captures: list | None = None):
    """A seed with a name and members with an identity; with `captures` what each one hears."""
    def node(name: str, link: int, seeds: list, *arguments: str):
        made = world.node(name, link, seeds, ("--profile", "windows", *arguments))
        if captures is not None:
            captures.append(Capture([made.host]))
        return made.start()

    seed = node("seed", 1, [], "--seed-node")
    seed.create_identity("seed")
    seed.ask("name", "publish", "seed")
    members = [node(name, 1 + index % 2, [seed]) for index, name in enumerate(names)]
    for member in members:
        member.wait_joined()
        member.create_identity(member.host.name)
    return [seed, *members]


def dissect(path, *options: str) -> dict:
    done = subprocess.run([sys.executable, DISSECT, "--json", *options, path], check=False,
                          capture_output=True, text=True, timeout=DISSECT_SECONDS)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return json.loads(done.stdout)


def tell_all_there_is_to_tell(world, folder, captures) -> None:
    """Joins, publishes, resolves and leaves, until every kind of message has been sent."""
    payload = folder / "payload.bin"
    payload.write_bytes(PAYLOAD)
    _, alice, bob, carol, dave = windows_cloud(world, "alice", "bob", "carol", "dave",
                                               captures=captures)
    secure = alice.publish("web", "--address", f"{alice.host.endpoint(443)}/tcp",
                           "--comment", "Ærøskøbing", "--payload", payload)
    unsecured = bob.publish("mine", "--unsecured", "--address", f"{bob.host.endpoint(80)}/tcp")
    carol.publish("carol")
    dave.publish("dave")
    found = carol.resolved(secure["peer_name"])
    assert base64.b64decode(found["payload_base64"]) == PAYLOAD
    assert found["comment"] == "Ærøskøbing"
    assert found["verified"]
    assert dave.resolved(unsecured["peer_name"])["addresses"] == [f"{bob.host.endpoint(80)}/tcp"]
    bob.ask("name", "unpublish", unsecured["peer_name"])
    assert dave.stop() == 0


# PNRP-005, PNRP-006: what goes over the wire is what the specification says.
def test_its_traffic_is_that_of_the_specification(world, tmp_path):
    captures: list[Capture] = []
    tell_all_there_is_to_tell(world, tmp_path, captures)

    paths = [capture.write(tmp_path / f"{index}.pcap") for index, capture in enumerate(captures)]
    merged = tmp_path / "all.pcap"
    merged.write_bytes(paths[0].read_bytes() + b"".join(p.read_bytes()[24:] for p in paths[1:]))
    expected = [option for name in TYPES for option in ("--expect", name)]
    dissect(merged, "--tshark", "off", *expected)
    if not shutil.which("tshark"):
        pytest.skip("Wireshark's word is missing: tshark is not installed (apt-get install tshark)")
    dissect(merged, "--tshark", "require", *expected)


# PNRP-003
def test_a_datagram_of_the_other_profile_is_counted_and_never_answered(world):
    seed, _ = windows_cloud(world, "alice")
    stranger = world.network.host("stranger", 1).udp_socket(4000)
    stranger.settimeout(2)

    for _ in range(3):
        stranger.sendto(MODERN, (seed.host.address, PORT))

    eventually("the datagrams are counted",
               lambda: seed.cloud()["counters"]["dropped"]["other_profile"] == 3)
    with pytest.raises(socket.timeout):
        stranger.recv(2000)
    assert seed.ask("status")["profile"] == "windows"
