#!/usr/bin/env python3
"""A neighbour in a graph that means ill, in one manner.

It speaks as much of docs/protocol/graph.md as that takes, comes back when it is thrown out, and
prints what it did as one line of JSON. It knows nothing of the code that it attacks.
"""
import argparse
import hashlib
import json
import os
import socket
import struct
import sys
import threading
import time

FRAME_MAX = 16379
TICKS = 10_000_000              # of 100 ns in a second
EPOCH = 11_644_473_600          # seconds from 1601 to 1970
TYPE = bytes.fromhex("0badc0de0badc0de0badc0de0badc0de")
STREAMS, LAZY, SUMS, PONG = 1, 2, 3, 4
KEY_MAX = b"\xff" * 24


def message(kind: int, body: bytes, flags: int = 0) -> bytes:
    return struct.pack(">IBBH", 8 + len(body), 0x10, kind, flags) + body


def text(value: str) -> bytes:
    """As records have it: units of UTF-16 with the terminator, after their number."""
    if not value:
        return bytes(4)
    units = value.encode("utf-16-be") + bytes(2)
    return struct.pack(">I", len(units) // 2) + units


def auth_info(graph: str, source: str) -> bytes:
    graph_id, source_id = graph.encode() + b"\0", source.encode() + b"\0"
    at = 16 + len(graph_id)
    end = at + len(source_id)
    return message(1, struct.pack(">BBHHH", 1, 0, 16, at, end) + graph_id + source_id)


def connect(node: bytes, capabilities: list[int]) -> bytes:
    offered = b"".join(struct.pack(">HH", it, 0) for it in capabilities)
    end = 24 + len(offered)
    return message(2, struct.pack(">BBHHH", 1, 0, end, end, 0) + node + offered)


def solicit_new() -> bytes:
    return message(6, struct.pack(">BBH", 0, 0, 12))


BY_SUMS = 0x0001
LIST_ALL = b"\x40\0"  # a range by sums: everything is to be listed


def solicit_hash(entries: list[bytes], flags: int = 0) -> bytes:
    return message(8, struct.pack(">BBHIHH", 0, 0, 20, len(entries), 20, flags)
                   + b"".join(entries))


def request(ids: list[bytes], flags: int = 0) -> bytes:
    body = struct.pack(">II", len(ids), 16) + b"".join(it + b"\0\0\0\1" for it in ids)
    return message(10, body, flags)


def flood(record: bytes) -> bytes:
    return message(11, struct.pack(">HH", 12, 0) + record)


class Records:
    """Records of one creator, sound unless they are told otherwise."""

    def __init__(self, graph: str, creator: str):
        self.graph = graph
        self.creator = creator
        self.half = hashlib.sha256(creator.encode()).digest()[:8]

    def make(self, number: int, version: int = 1, ahead: float = 0, size: int = 300) -> bytes:
        now = int((time.time() + ahead + EPOCH) * TICKS)
        modifier = self.creator if version > 1 else ""
        modified = now if version > 1 else now - TICKS
        return (TYPE + self.half + struct.pack(">QI", number, version) + bytes(4)
                + text(self.creator) + text(modifier) + bytes(4)
                + struct.pack(">QQQ", now - TICKS, now + 900 * TICKS, modified)
                + text(self.graph) + struct.pack(">HI", 0x0101, size) + bytes(size) + bytes(4))


class Link:
    """A connection with the victim; OSError when it is over."""

    def __init__(self, to: tuple[str, int], source: str, reads: bool = True):
        family = socket.AF_INET6 if ":" in to[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(5)
        if not reads:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(to)
        self.has_streams = False
        self.sent = 0

    def close(self) -> None:
        self.socket.close()

    def frames(self, whole: bytes, stream: int = 0) -> bytes:
        prefix = bytes([stream]) if self.has_streams else b""
        step = FRAME_MAX - len(prefix)
        return b"".join(struct.pack(">H", len(prefix) + len(piece)) + prefix + piece
                        for piece in (whole[at:at + step] for at in range(0, len(whole), step)))

    def say(self, whole: bytes, stream: int = 0) -> None:
        self.send(self.frames(whole, stream))

    def send(self, raw: bytes) -> None:
        self.socket.sendall(raw)
        self.sent += len(raw)

    def _exactly(self, size: int) -> bytes:
        out = b""
        while len(out) < size:
            piece = self.socket.recv(size - len(out))
            if not piece:
                raise OSError("closed")
            out += piece
        return out

    def join(self, graph: str, name: str, capabilities: list[int]) -> bool:
        """True if it was welcomed."""
        self.say(auth_info(graph, name))
        self.say(connect(os.urandom(8), capabilities))
        size = struct.unpack(">H", self._exactly(2))[0]
        answer = self._exactly(size)
        if answer[5] != 3:
            return False
        self.has_streams = STREAMS in capabilities
        return True

    def read_on(self) -> None:
        """From now on, what comes is read and thrown away."""
        def drain() -> None:
            try:
                while self.socket.recv(1 << 20):
                    pass
            except OSError:
                pass
        threading.Thread(target=drain, daemon=True).start()


class Liar:
    def __init__(self, options: argparse.Namespace):
        self.options = options
        address, _, port = options.to.rpartition(":")
        self.to = (address.strip("[]"), int(port))
        self.end = time.monotonic() + options.seconds
        self.name = f"liar {options.manner} {os.getpid()}"
        self.records = Records(options.graph, self.name)
        self.told = {"manner": options.manner, "connections": 0, "refused": 0, "ended": 0,
                     "bytes": 0, "messages": 0}
        self.number = 0

    def is_over(self) -> bool:
        return time.monotonic() >= self.end

    def run(self) -> dict:
        manner = getattr(self, self.options.manner)
        while not self.is_over():
            link = None
            try:
                link = self._open(reads=self.options.manner not in ("slow", "deaf"))
                self.told["connections"] += 1
                manner(link)
            except OSError:
                self.told["ended"] += 1
                time.sleep(0.02)
            finally:
                if link:
                    self.told["bytes"] += link.sent
                    link.close()
        return self.told

    def _open(self, reads: bool = True) -> Link:
        return Link(self.to, self.options.source, reads)

    def _join(self, link: Link, capabilities: tuple[int, ...] = ()) -> bool:
        if link.join(self.options.graph, self.name, list(capabilities)):
            return True
        self.told["refused"] += 1
        time.sleep(0.1)
        return False

    def _repeat(self, link: Link, raw: bytes, count: int) -> None:
        while not self.is_over():
            link.send(raw)
            self.told["messages"] += count

    # The manners --------------------------------------------------------------------------------

    def floods(self, link: Link) -> None:
        """Sound records without end: new ones up to a number, then the same ones again."""
        if not self._join(link, (STREAMS, LAZY, SUMS)):
            return
        link.read_on()
        while not self.is_over():
            batch = []
            for _ in range(500):
                self.number = (self.number + 1) % self.options.records
                batch.append(link.frames(flood(self.records.make(self.number))))
            link.send(b"".join(batch))
            self.told["messages"] += len(batch)

    def junk(self, link: Link) -> None:
        """What is no record, and what is no message."""
        if not self._join(link):
            return
        link.read_on()
        for _ in range(200):
            link.say(flood(os.urandom(2000)))
            self.told["messages"] += 1
        link.say(message(0x0F, os.urandom(100)))

    def sizes(self, link: Link) -> None:
        """Large announcements: before CONNECT, of messages that stop in the middle, of too much."""
        held = []
        try:
            if not self._join(link, (STREAMS, LAZY, SUMS)):
                return
            link.read_on()
            for _ in range(40):
                early = self._open()
                held.append(early)
                early.send(struct.pack(">HI", 16379, 120_000) + bytes(1000))
            for stream in (0, 1):
                half = flood(bytes(60_000_000))[:self.options.half]
                link.say(half, stream)
                self.told["messages"] += 1
            while time.monotonic() < self.end - 2:
                time.sleep(0.1)
            # The bulk message is to go on, and another one begins inside it: too large by far.
            link.send(link.frames(b"", 1) + struct.pack(">H", 0) + bytes(12))
            time.sleep(1)
        finally:
            for each in held:
                each.close()

    def replays(self, link: Link) -> None:
        """Old versions of what it has published itself, as fast as they go."""
        if not self._join(link, (STREAMS, LAZY, SUMS)):
            return
        link.read_on()
        base = int.from_bytes(os.urandom(4)) << 16
        old = [link.frames(flood(self.records.make(base + i, 1))) for i in range(200)]
        new = [link.frames(flood(self.records.make(base + i, 2))) for i in range(200)]
        link.send(b"".join(old))
        link.send(b"".join(new))
        self._repeat(link, b"".join(old), len(old))

    def future(self, link: Link) -> None:
        """Records dated ahead, and versions that leave no room."""
        if not self._join(link):
            return
        link.read_on()
        for i in range(200):
            link.say(flood(self.records.make(i, ahead=7200)))
            link.say(flood(self.records.make(1000 + i, version=0xFFFFFFFF)))
            self.told["messages"] += 2

    def syncs(self, link: Link) -> None:
        """Asks for everything, again and again, by every question there is."""
        if not self._join(link, (STREAMS, SUMS)):
            return
        link.read_on()
        everything = bytes(15) + b"\1" + KEY_MAX
        different = b"\x20\0" + os.urandom(16)
        while not self.is_over():
            link.say(solicit_new())
            link.say(solicit_hash([everything]))
            link.say(solicit_hash([LIST_ALL], BY_SUMS))
            link.say(solicit_hash([different], BY_SUMS))
            link.say(request([os.urandom(16) for _ in range(2000)]))
            self.told["messages"] += 5

    def holds(self, link: Link) -> None:
        """Asks, and reads so slowly that the answer never ends."""
        if not self._join(link, (STREAMS, SUMS)):
            return
        for _ in range(40):
            link.say(solicit_new())
        self.told["messages"] += 40
        while not self.is_over():
            if not link.socket.recv(100):
                raise OSError("closed")
            time.sleep(0.05)

    def slow(self, link: Link) -> None:
        """Never reads, and says the same small things that want an answer."""
        if not self._join(link, (STREAMS, LAZY, SUMS, PONG)):
            return
        known = link.frames(flood(self.records.make(1, size=0)))
        ping = link.frames(message(13, struct.pack(">HH", 28, 0) + bytes.fromhex(
            "0ccbb0d2be414bd6914b058ec5dcce64") + bytes(8)))
        self._repeat(link, (known * 8 + ping * 8) * 64, 1024)

    def deaf(self, link: Link) -> None:
        """Never reads, and asks for more and more."""
        if not self._join(link, (STREAMS, SUMS)):
            return
        for _ in range(120):
            link.say(solicit_hash([LIST_ALL], BY_SUMS))
            link.say(solicit_new())
            self.told["messages"] += 2
        while not self.is_over():
            time.sleep(0.5)
            link.say(message(12, bytes(4)))  # SYNC_END, so that the link is alive


MANNERS = ("floods", "junk", "sizes", "replays", "future", "syncs", "holds", "slow", "deaf")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", required=True, metavar="ADDRESS:PORT")
    parser.add_argument("--source", default="", help="the address to come from")
    parser.add_argument("--graph", required=True)
    parser.add_argument("--manner", required=True, choices=MANNERS)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--records", type=int, default=5000, help="that `floods` invents")
    parser.add_argument("--half", type=int, default=20_000_000,
                        help="bytes of a large message that `sizes` sends")
    print(json.dumps(Liar(parser.parse_args()).run()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
