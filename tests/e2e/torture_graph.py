#!/usr/bin/python3
"""SIGKILL among processes that share a graph: nothing that was acknowledged may be lost.

Records are published at full durability on every node at once, while random nodes are killed and
started again. In the end every acknowledged record has to be on every node, all databases have to
be equal by their digests, and every file has to be whole (PRAGMA integrity_check).

    tests/e2e/torture_graph.py                      4 kithd, 8 kills, 400 records
    tests/e2e/torture_graph.py --full               16 kithd, 50 kills, 10000 records
"""
import argparse
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import sqlite3
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import graphs  # noqa: E402
import net     # noqa: E402
import nodes   # noqa: E402

GRAPH = "torture"
DOWN_SECONDS = 0.5      # between a kill and the next start, about
PUBLISHERS_PER_NODE = 2
EQUAL_SECONDS = 300     # for the databases to be equal once nobody is killed any more


class Api(http.client.HTTPConnection):
    """One kept connection to a node's socket: a `kith` for each record would measure processes."""

    def __init__(self, path: pathlib.Path):
        super().__init__("kith", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(os.fspath(self._path))


class Torture:
    def __init__(self, folder: pathlib.Path, programs: pathlib.Path, given) -> None:
        network = net.Loopback()
        self.random = random.Random(given.seed)
        self.given = given
        self.nodes = [nodes.Node(network.host(f"n{number}", 1), folder, programs,
                                 arguments=("--no-ssdp",)) for number in range(given.nodes)]
        self.acknowledged: dict[str, str] = {}  # id to payload
        self.next = 0
        self.kills = 0
        self.unclear = 0    # without an answer: may be there or not
        self.refusals: dict[str, int] = {}
        self.lock = threading.Lock()
        self.is_over = threading.Event()

    def take_number(self) -> int | None:
        with self.lock:
            if self.next >= self.given.records:
                return None
            self.next += 1
            return self.next - 1

    def publish(self, node: nodes.Node) -> None:
        """Publishes until all records have been tried; one without an answer is tried anew."""
        api = Api(node.socket)
        number = self.take_number()
        while number is not None:
            payload = f"record {number} of {node.host.name}, {'x' * (number % 500)}"
            try:
                api.request("POST", f"/v1/graphs/{GRAPH}/records?type=torture&attr=number:int="
                            f"{number}&lifetime_ms=86400000", payload.encode(),
                            {"Content-Type": "application/octet-stream"})
                answer = api.getresponse()
                document = json.loads(answer.read())
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                api.close()
                with self.lock:
                    self.unclear += 1
                time.sleep(0.1)
                continue
            if answer.status == 201:
                with self.lock:
                    self.acknowledged[document["id"]] = payload
                number = self.take_number()
            else:
                code = document["error"]["code"]
                with self.lock:
                    self.refusals[code] = self.refusals.get(code, 0) + 1
                time.sleep(0.1)

    def kill(self) -> None:
        """Kills as many as were asked for, spread over the time of publishing and a bit beyond."""
        while self.kills < self.given.kills:
            due = self.given.records * (self.kills + 1) / (self.given.kills + 1)
            while self.next < due and not self.is_over.is_set():
                time.sleep(0.01)
            if self.is_over.is_set():
                return
            victim = self.random.choice(self.nodes)
            victim.kill()
            self.kills += 1
            time.sleep(self.random.uniform(0, 2 * DOWN_SECONDS))
            victim.start()

    def run(self) -> dict:
        began = time.monotonic()
        for node in self.nodes:
            node.start()
        graphs.found(self.nodes[0], GRAPH)
        for number, node in enumerate(self.nodes[1:], 1):
            graphs.join(node, GRAPH, self.nodes[self.random.randrange(number)])
        joined = time.monotonic()
        threads = [threading.Thread(target=self.publish, args=(node,), daemon=True)
                   for node in self.nodes for _ in range(PUBLISHERS_PER_NODE)]
        for thread in threads:
            thread.start()
        self.kill()
        for thread in threads:
            thread.join(600)
            if thread.is_alive():
                raise nodes.NodeError(f"publishing came to a stop: {self.refusals}")
        published = time.monotonic()
        equal_after = graphs.wait_equal(GRAPH, self.nodes, EQUAL_SECONDS)
        lost = self.missing()
        digest = graphs.digests(GRAPH, self.nodes).pop()
        for node in self.nodes:
            if node.stop() != 0:
                raise nodes.NodeError(f"{node.host.name} did not end well")
        return {"nodes": len(self.nodes), "kills": self.kills, "seed": self.given.seed,
                "acknowledged": len(self.acknowledged), "lost": len(lost),
                "without_answer": self.unclear, "refused": self.refusals,
                "join_s": round(joined - began, 1), "publish_s": round(published - joined, 1),
                "equal_after_s": round(equal_after, 1), "digest": digest,
                "files_checked": self.check_files()}

    def missing(self) -> set[str]:
        """Acknowledged records that the first node does not have as they were published. That all
        others have the same ones is what their digests have said."""
        lost = set()
        api = Api(self.nodes[0].socket)
        for record, payload in self.acknowledged.items():
            api.request("GET", f"/v1/records/{record}?graph={GRAPH}")
            answer = api.getresponse()
            document = json.loads(answer.read())
            if answer.status != 200 or graphs.payload_of(document) != payload:
                lost.add(record)
        api.close()
        return lost

    def check_files(self) -> int:
        files = [file for node in self.nodes for file in (node.data / "graphs").rglob("*")
                 if file.is_file() and file.read_bytes()[:15] == b"SQLite format 3"]
        for file in files:
            with sqlite3.connect(file) as database:
                said = database.execute("PRAGMA integrity_check").fetchall()
            if said != [("ok",)]:
                raise nodes.NodeError(f"{file} is damaged: {said}")
        if len(files) != len(self.nodes):
            raise nodes.NodeError(f"{len(files)} databases for {len(self.nodes)} nodes")
        return len(files)

    def close(self) -> None:
        self.is_over.set()
        for node in self.nodes:
            node.kill()


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--full", action="store_true", help="16 kithd, 50 kills, 10000 records")
    arguments.add_argument("--nodes", type=int)
    arguments.add_argument("--kills", type=int)
    arguments.add_argument("--records", type=int)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--programs", help="the folder of kith and kithd")
    arguments.add_argument("--keep", action="store_true", help="keep the data and the logs")
    given = arguments.parse_args()
    for name, small, full in (("nodes", 4, 16), ("kills", 8, 50), ("records", 400, 10_000)):
        if getattr(given, name) is None:
            setattr(given, name, full if given.full else small)

    programs = nodes.find_programs(given.programs)
    if not programs:
        print("kith and kithd are not built", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kith-torture-"))
    torture = Torture(folder, programs, given)
    try:
        result = torture.run()
    except nodes.NodeError as failure:
        print(f"torture_graph: FAILED: {failure}", file=sys.stderr)
        return 1
    finally:
        torture.close()
        if given.keep:
            print(f"data and logs: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(result))
    return 0 if result["lost"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
