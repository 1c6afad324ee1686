#!/usr/bin/env python3
"""Writes the modern golden vectors from docs/protocol/pnrp.md, without a line of the product's code.

    tests/golden/pnrp/make_modern.py            compare: exit status 1 if a file would differ
    tests/golden/pnrp/make_modern.py --write    write the files that are missing; never an existing one

The vectors are frozen (README.md): a difference is a mistake here or in the product, not a reason to
write them anew. Needs only the standard library.
"""

import argparse
import hashlib
import ipaddress
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent / "modern"
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")  # RFC 8032 7.1, test 1
NOT_AFTER = 133500000000000000  # 2024-01-17 21:20:00 UTC
NONCE = bytes(range(16))
LOCATION = bytes.fromhex("20010db8000000000102030405060708")
CLASSIFIER = "MyApplication"
PORT = 3540

# Ed25519, after RFC 8032 section 6: slow, short, and nothing secret goes through it.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BASE_Y = 4 * pow(5, P - 2, P) % P


def recover_x(y):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return P - x if x & 1 else x


def add(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = f - e, d - c, d + c, f + e
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


BASE_X = recover_x(BASE_Y)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def compress(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def expand(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return scalar, digest[32:]


def public_key(seed):
    return compress(multiply(expand(seed)[0], BASE))


def sign(seed, message):
    scalar, prefix = expand(seed)
    key = public_key(seed)
    number = lambda *parts: int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L
    r = number(prefix, message)
    point = compress(multiply(r, BASE))
    return point + ((r + number(point, key, message) * scalar) % L).to_bytes(32, "little")


# Names and ids.
def digest(*parts):
    return hashlib.sha256(b"".join(parts)).digest()[:20]


KEY = public_key(SEED)
AUTHORITY = digest(bytes.fromhex("302a300506032b6570032100"), KEY)
HASH = digest(CLASSIFIER.encode())


def make_id(authority, classifier_hash=HASH):
    return digest(classifier_hash, authority, classifier_hash, b"PNRP")[:16] + LOCATION


SECURE_ID, UNSECURED_ID = make_id(AUTHORITY), make_id(bytes(20))


# Structures.
def address(text):
    ip = ipaddress.ip_address(text)
    return ip.packed if ip.version == 6 else bytes(10) + b"\xff\xff" + ip.packed


def endpoint(text, port=PORT):
    return struct.pack(">H", port) + address(text)


def route(pnrp_id, *addresses):
    return pnrp_id + struct.pack(">BBHBB", 5, 0, PORT, 0, len(addresses)) + b"".join(map(address, addresses))


def signature(context, covered):
    return struct.pack("<HHI", 72, 64, 0xED19) + sign(SEED, context + b"\0" + covered)


def with_length(body):
    return struct.pack("<H", 2 + len(body) + 72) + body


def cpa(authority=AUTHORITY, classifier_hash=HASH, name="", revoke=False, extended=False, reach=()):
    flags = 0x20 * extended | 0x10 * bool(name) | 8 * bool(classifier_hash) | 4 * bool(authority)
    flags |= 2 * bool(name) | revoke
    b = bytes([0, 3, 0, 5, flags, 0]) + struct.pack("<Q", NOT_AFTER) + LOCATION[::-1]
    b += bytes(16) if revoke else NONCE
    b += authority[::-1] + classifier_hash
    if name:
        b += struct.pack("<H", len(name.encode())) + name.encode()
    services = [] if revoke else [endpoint("2001:db8::1")]
    b += struct.pack("<HH", len(services), 18) + b"".join(services)
    payloads = []
    if not revoke:
        app = address("2001:db8::77") + struct.pack(">H", 8080) + struct.pack("<H", 6)
        payloads.append(struct.pack("<IH", 1, len(app)) + app)
    if reach:
        tlvs = b"".join(struct.pack("<HH", kind, len(value)) + value for kind, value in reach)
        payloads.append(struct.pack("<IH", 0x4B495448, len(tlvs)) + tlvs)
    b += struct.pack("<HH", len(payloads), 4 + sum(map(len, payloads))) + b"".join(payloads)
    oid = b"1.3.101.112"
    b += struct.pack("<HHHHB", 52, len(oid), 0, 32, 0) + oid + KEY
    b = with_length(b)
    return b + signature(b"kith cpa 3", b)


def extended_payload(data, kind=0x80000003, vouched=False):
    b = bytes([0, 3]) + struct.pack("<HHQ", 0, 74 + len(data), NOT_AFTER)
    b += SECURE_ID[::-1] + NONCE + struct.pack("<HHIH", 1, 10 + len(data), kind, len(data)) + data
    b = with_length(b)
    return b + (struct.pack("<HHI", 72, 64, 0xED19) + bytes(64) if vouched else signature(b"kith payload 3", b))


# Messages.
def header(kind, message_id):
    return struct.pack(">HHBBBBI", 0x0010, 12, 0x51, 5, 0, kind, message_id)


def element(field, body, padded=True):
    out = struct.pack(">HH", field, 4 + len(body)) + body
    return out + bytes(-len(out) % 4) if padded else out


def array(field, inner, size, items, padded=False):
    head = struct.pack(">HHHH", len(items), 8 + size * len(items), inner, size)
    return element(field, head + b"".join(items), padded)


def ids(*items):
    return array(0x0060, 0x0030, 32, items)


def endpoints(*items):
    return array(0x009E, 0x009D, 18, items)


def fill(message, size):
    return message + element(0x00ED, bytes(size - len(message) - 4))


def acked(message_id):
    return element(0x0018, struct.pack(">I", message_id))


def authority(message_id, answered, buffer):
    return [header(8, message_id) + acked(answered) + element(0x0098, struct.pack(">HH", len(buffer), at))
            + buffer[at:at + 1188] for at in range(0, len(buffer), 1188)]


def buffer_flags(bits):
    return element(0x0040, struct.pack(">H", bits))


def classifier():
    raw = CLASSIFIER.encode("utf-16-be")
    return array(0x0085, 0x0084, 2, [raw[i:i + 2] for i in range(0, len(raw), 2)], True)


def vectors():
    hashed = element(0x0092, digest(NONCE))
    validate = lambda pnrp_id: element(0x0039, pnrp_id)
    v = {}
    v["cpa"] = cpa(name="My friend")
    v["cpa-unsecured"] = cpa(authority=b"", extended=True)
    v["cpa-bare"] = cpa(classifier_hash=b"")
    v["cpa-reach"] = cpa(name="M\u00fcller", reach=((1, b"relay"), (2, b"")))
    v["cpa-reach-critical"] = cpa(reach=((0x8001, b"must"),))
    v["cpa-revoke"] = cpa(revoke=True)
    v["extended-payload"] = extended_payload(b"hello")
    v["extended-payload-utf8"] = extended_payload(struct.pack("<H", 1) + "gr\u00fc\u00df\0".encode(), 0x80000002)
    v["extended-payload-utf16"] = extended_payload(struct.pack("<H", 0) + "gr\u00fc\u00df\0".encode("utf-16-le"), 0x80000002)
    v["extended-payload-vouched"] = extended_payload(b"hello", vouched=True)
    v["cpa-vouches"] = cpa(extended=True, reach=((0x8001, hashlib.sha256(v["extended-payload-vouched"]).digest()),))
    own = element(0x009A, route(SECURE_ID, "2001:db8::1"))
    v["solicit"] = header(1, 0x101) + element(0x0044, b"\0\0") + own + hashed
    v["solicit-minimal"] = header(1, 0x102) + hashed
    v["solicit-padded"] = fill(header(1, 0x103) + element(0x0044, b"\0\1") + own + hashed, 200)
    v["advertise"] = header(2, 0x201) + acked(0x101) + ids(SECURE_ID, UNSECURED_ID) + hashed
    v["advertise-empty"] = header(2, 0x202) + acked(0x102) + ids() + hashed
    v["request"] = header(3, 0x301) + element(0x0093, NONCE) + ids(SECURE_ID)
    v["flood"] = (header(4, 0x401) + element(0x0043, b"\0\1\0") + validate(bytes(32))
                  + element(0x009A, route(SECURE_ID, "2001:db8::1", "2001:db8::2", "203.0.113.7", "2001:db8::4"))
                  + endpoints(endpoint("2001:db8::9")))
    v["flood-revoke"] = (header(4, 0x402) + element(0x0043, b"\0\0\0") + validate(SECURE_ID)
                         + element(0x009C, cpa(revoke=True)) + endpoints())
    v["flood-empty"] = header(4, 0x403) + element(0x0043, b"\0\0\0") + validate(bytes(32)) + endpoints()
    v["flood-visit"] = (header(4, 0x404) + element(0x0043, b"\0\6\0") + validate(SECURE_ID)
                        + endpoints(endpoint("2001:db8::9"), endpoint("203.0.113.7")))
    v["flood-visit-order"] = (header(4, 0x405) + element(0x0043, b"\0\5\0") + validate(SECURE_ID)
                              + endpoints(endpoint("203.0.113.7", 40000)))
    v["flood-source"] = header(4, 0x406) + element(0x0043, b"\0\2\0") + validate(bytes(32)) + endpoints()
    v["inquire"] = header(7, 0x701) + buffer_flags(0x0018) + validate(SECURE_ID) + element(0x0093, NONCE)
    v["inquire-minimal"] = header(7, 0x702) + buffer_flags(0) + validate(SECURE_ID)
    v["inquire-padded"] = fill(header(7, 0x703) + buffer_flags(0x001C) + validate(SECURE_ID) + element(0x0093, NONCE), 408)
    v["lookup"] = (header(11, 0xB01) + element(0x0045, bytes([0, 2, 0, 0, 1, 0, 0, 0])) + element(0x0038, UNSECURED_ID)
                   + validate(SECURE_ID) + element(0x009A, route(UNSECURED_ID, "2001:db8::1", "203.0.113.7"))
                   + endpoints(endpoint("2001:db8::1"), endpoint("203.0.113.7", 40000)))
    v["lookup-bits"] = (header(11, 0xB02) + element(0x0045, bytes([0, 0, 0, 17, 8, 2, 0, 0])) + element(0x0038, SECURE_ID)
                        + validate(bytes(32)) + endpoints(endpoint("::")))
    v["ack"] = header(9, 0x901) + acked(0x301)
    v["ack-not-found"] = header(9, 0x902) + acked(0x402) + element(0x0040, b"\0\1", False)
    v["ack-source"] = header(9, 0x903) + acked(0x406) + element(0x009D, endpoint("203.0.113.7", 40000))
    v["ack-visit"] = (header(9, 0x904) + acked(0x404) + element(0x009D, endpoint("203.0.113.7", 40000))
                      + element(0x0040, b"\0\2", False))
    v["authority-not-found"], = authority(0x801, 0x702, buffer_flags(1))
    v["authority-next-hop"], = authority(0x802, 0xB01, buffer_flags(0x0200) + element(0x009A, route(SECURE_ID, "2001:db8::1", "2001:db8::2")))
    v["authority-cpa"], = authority(0x803, 0x701, buffer_flags(0) + classifier() + own
                                    + element(0x009B, cpa(name="My friend"), False))
    parts = authority(0x804, 0x703, buffer_flags(0) + classifier() + element(0x005A, extended_payload(b"x" * 1501))
                      + own + element(0x009B, cpa(name="My friend", extended=True), False))
    for i, part in enumerate(parts):
        v["authority-fragment-%d" % i] = part
    return v


def as_text(data):
    digits = data.hex()
    return "".join(digits[i:i + 96] + "\n" for i in range(0, len(digits), 96))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="write missing files")
    write = parser.parse_args().write
    assert KEY.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
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
