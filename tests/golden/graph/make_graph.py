#!/usr/bin/env python3
"""Writes the golden vectors of graphs from docs/protocol/graph.md, without a line of the product's code.

    tests/golden/graph/make_graph.py            compare: exit status 1 if a file would differ
    tests/golden/graph/make_graph.py --write    write the files that are missing; never an existing one

The vectors are frozen (README.md): a difference is a mistake here or in the product, not a reason to
write them anew. Needs only the standard library.
"""

import argparse
import hashlib
import ipaddress
import pathlib
import struct
import sys
import uuid

HERE = pathlib.Path(__file__).resolve().parent
GRAPH = "garden"
PEER = "alice.Garden"
OTHER = "bob"
NODE = 0x0102030405060708
TIME = 133500000000000000  # 2024-01-17 21:20:00 UTC
TYPE = uuid.UUID("12345678-9abc-def0-1122-334455667788").bytes
FIRST = uuid.UUID("a0000000-0000-0000-0000-000000000001").bytes
SECOND = uuid.UUID("b0000000-0000-0000-0000-000000000002").bytes
HASH = bytes(range(16))
DIGEST = bytes(range(16, 32))
ONES = b"\xff" * 16
MAX64 = 2**64 - 1
CAPABILITIES = struct.pack(">HH", 1, 0) + struct.pack(">HH", 5, 2) + b"\xca\xfe" + struct.pack(">HH", 0x8001, 0)


def message(kind, fixed, *parts, flags=0):
    body = fixed + b"".join(parts)
    return struct.pack(">IBBH", 8 + len(body), 0x10, kind, flags) + body


def address(text, port):
    ip = ipaddress.ip_address(text)
    packed = ip.packed if ip.version == 6 else bytes(10) + b"\xff\xff" + ip.packed
    return struct.pack(">HH", 0x17, port) + packed


def sync_ranges(*ranges):
    """Of (kind, time, record id, what follows)."""
    out = b""
    before = bytes(24)
    for kind, time, record, then in ranges:
        whole = struct.pack(">Q", time) + record
        key = whole.rstrip(b"\xff")
        shared = 0
        while shared < len(key) and key[shared] == before[shared]:
            shared += 1
        out += bytes([kind << 5 | len(key) - shared, shared]) + key[shared:] + then
        before = whole
    return out


def peer_address(text, port):
    short = address(text, port)
    return struct.pack(">I", 32) + short[:4] + bytes(4) + short[4:] + bytes(4)


ADDRESSES = [("2001:db8::1", 3587), ("192.0.2.7", 4000)]
SHORT = b"".join(address(*a) for a in ADDRESSES)
LONG = b"".join(peer_address(*a) for a in ADDRESSES)


def z(text):
    return text.encode() + b"\0"


def counted(text):
    """A string of a record: its UTF-16 units with the terminator, big-endian, their number before them."""
    if not text:
        return struct.pack(">I", 0)
    units = (text + "\0").encode("utf-16-be")
    return struct.pack(">I", len(units) // 2) + units


def blob(data):
    return struct.pack(">I", len(data)) + data


def fold(data):
    high, low = struct.unpack(">QQ", data)
    return struct.pack(">Q", high ^ low)


def record_id(creator, modern):
    low = fold(HASH)
    if modern:
        return hashlib.sha256(creator.encode()).digest()[:8] + low
    return fold(hashlib.md5((creator + "\0").encode("utf-16-be")).digest()) + low


def record(modern=False, deleted=False, modifier="", modified=TIME, payload=b"hello", attributes=""):
    b = TYPE + record_id(PEER, modern) + struct.pack(">I", 2 if modifier else 1)
    b += bytes(3) + bytes([2 if deleted else 0])
    b += counted(PEER) + counted(modifier) + blob(b"\x01\x02\x03")
    b += struct.pack(">QQQ", TIME, TIME + 36000000000, modified)
    b += counted(GRAPH) + struct.pack(">H", 0x0101 if modern else 0x0100)
    return b + blob(payload) + counted(attributes)


ATTRIBUTES = '<attributes><attribute name="a" type="string">\u00fc\U0001d11e</attribute></attributes>'


def frames(*chunks):
    return b"".join(struct.pack(">H", len(chunk)) + chunk for chunk in chunks)


def graph_info(extras=b""):
    b = struct.pack(">II", 2, 2) + counted(GRAPH) + counted(PEER) + counted("The garden") + counted("")
    b += struct.pack(">III", 600, 0xFFFFFFFF, 1048576) + extras
    return struct.pack(">I", 4 + len(b)) + b


def vectors():
    out = {}
    strings = z(GRAPH) + z(PEER)
    to = 16 + len(strings)
    end = to + len(z(OTHER))
    out["auth-info"] = message(1, struct.pack(">BBHHH", 1, 0, 16, 23, to), strings, z(OTHER))
    out["auth-info-direct"] = message(1, struct.pack(">BBHHH", 2, 0, 16, 23, to), strings)
    assert end == len(out["auth-info"]) and to == len(out["auth-info-direct"])
    out["connect"] = message(2, struct.pack(">BBHHHQ", 1, 2, 24, 64, 0, NODE), SHORT, z("Alice"))
    out["connect-plain"] = message(2, struct.pack(">BBHHHQ", 4, 0, 24, 24, 0, NODE))
    out["connect-update"] = message(2, struct.pack(">BBHHHQ", 8, 2, 24, 64, 0, NODE), SHORT)
    out["connect-capabilities"] = message(
        2, struct.pack(">BBHHHQ", 1, 0, 38, 38, 0, NODE), CAPABILITIES)
    peer = 32 + 40
    name = peer + len(z(PEER))
    out["welcome"] = message(
        3, struct.pack(">QQBBHHH", NODE, TIME, 2, 0, 32, peer, name), SHORT, z(PEER), z("Alice"))
    out["welcome-capabilities"] = message(
        3, struct.pack(">QQBBHHH", NODE, TIME, 0, 0, 46, 46, 46 + len(z(PEER))), CAPABILITIES, z(PEER))
    out["refuse"] = message(4, struct.pack(">BBH", 1, 2, 12), SHORT)
    out["disconnect"] = message(5, struct.pack(">BBH", 2, 0, 12))
    out["solicit-new"] = message(6, struct.pack(">BBH", 1, 0, 12), TYPE)
    out["solicit-new-all"] = message(6, struct.pack(">BBH", 0, 0, 12))
    out["solicit-time"] = message(7, struct.pack(">BBHQ", 0, 2, 20, TIME), TYPE, SECOND)
    entry = HASH + struct.pack(">Q", TIME) + FIRST
    out["solicit-hash"] = message(8, struct.pack(">BBHIHH", 0, 1, 20, 1, 36, 0), TYPE, entry)
    out["solicit-hash-sums"] = message(
        8, struct.pack(">BBHIHH", 0, 0, 20, 4, 20, 1),
        sync_ranges((0, 0x01DA4900FFFFFFFF, ONES, b""), (1, TIME, FIRST, HASH),
                    (2, TIME + 1, ONES, b""), (1, MAX64, ONES, HASH)))
    boundary = struct.pack(">Q", TIME) + FIRST + struct.pack(">Q", TIME + 1) + SECOND + struct.pack(">I", 1)
    abstract = FIRST + struct.pack(">I", 7)
    out["advertise"] = message(9, struct.pack(">IIHHI", 1, 1, 24, 0, 76), boundary, abstract)
    out["advertise-wide"] = message(
        9, struct.pack(">IIHHI", 1, 1, 24, 2, 76), boundary, abstract, DIGEST)
    parts = sync_ranges((0, TIME, ONES, b""), (2, TIME + 1, SECOND, struct.pack(">I", 1)),
                        (1, TIME + 1, ONES, HASH), (0, MAX64, ONES, b""))
    out["advertise-ranges"] = message(
        9, struct.pack(">IIHHI", 4, 1, 24, 6, 24 + len(parts)), parts, abstract, DIGEST)
    out["advertise-lazy"] = message(9, struct.pack(">IIHHI", 0, 1, 24, 0, 24), abstract)
    out["request"] = message(10, struct.pack(">II", 1, 16), abstract)
    out["request-graft"] = message(10, struct.pack(">II", 1, 16), abstract, flags=1)
    out["request-empty"] = message(10, struct.pack(">II", 0, 16), bytes(4))
    out["flood"] = message(11, struct.pack(">HH", 12, 0), record())
    out["sync-end"] = message(12, bytes([1, 0, 0, 0]))
    ping = uuid.UUID("0ccbb0d2-be41-4bd6-914b-058ec5dcce64").bytes
    out["pt2pt-ping"] = message(13, struct.pack(">HH", 28, 0), ping)
    out["pt2pt"] = message(13, struct.pack(">HH", 28, 0), TYPE, b"data")
    out["ack"] = message(14, struct.pack(">HH", 2, 12), FIRST, struct.pack(">I", 1), SECOND, struct.pack(">I", 2))

    out["record-published"] = record()
    out["record-published-modified"] = record(
        modifier=OTHER, modified=TIME + 10000000, attributes=ATTRIBUTES)
    out["record-modern"] = record(modern=True)
    out["record-modern-deleted"] = record(
        modern=True, deleted=True, modifier=PEER, modified=TIME + 10000000, payload=b"")
    out["graph-info"] = graph_info()
    out["graph-info-extras"] = graph_info(CAPABILITIES)
    quotas = struct.pack(">IIQII", 1_000_000, 10_000, 64 << 20, 1 << 20, 31_536_000)
    out["graph-info-quotas"] = graph_info(struct.pack(">HH", 4, len(quotas)) + quotas)
    out["signature"] = struct.pack(">Q", NODE)
    out["contact"] = struct.pack(">QQI", 5, NODE, 2) + LONG
    out["presence"] = struct.pack(">Q", NODE) + counted("at home") + struct.pack(">I", 2) + LONG
    out["presence-bare"] = struct.pack(">Q", NODE) + counted("") + struct.pack(">I", 0)

    large = message(13, struct.pack(">HH", 28, 0), TYPE, bytes(20000))
    small = out["pt2pt"]
    out["frames"] = frames(small, large[:16379], large[16379:], out["sync-end"])
    out["frames-streams"] = frames(
        b"\0" + small, b"\1" + large[:16378], b"\0" + out["sync-end"], b"\1" + large[16378:])
    return out


def as_text(data):
    digits = data.hex()
    return "".join(digits[i:i + 64] + "\n" for i in range(0, len(digits), 64))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="write missing files")
    write = parser.parse_args().write
    wrong = 0
    for name, data in vectors().items():
        path = HERE / (name + ".hex")
        if write and not path.exists():
            path.write_text(as_text(data))
        if not path.exists() or path.read_text() != as_text(data):
            print("%s: differs" % path.name)
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
