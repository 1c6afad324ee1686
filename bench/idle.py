#!/usr/bin/python3
"""Measures what an idle kithd with one name costs in a cloud of many: wake-ups and bytes.

    bench/idle.py [--nodes 1000] [--settle 300] [--seconds 300] [--build build/release]

The cloud is `kith-bench cloud` on 127.0.0.1, the node a kithd of its own process, both in a network
namespace made for this (root is needed). A wake-up is a voluntary context switch of any thread of
kithd; bytes are what its status counts, with 28 for the headers of each datagram.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
PORT = 4100
HEADERS = 28  # IPv4 and UDP


def wakeups(pid: int) -> int:
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                total += int(line.split()[1])
    return total


def counters(kith: list) -> tuple[int, int]:
    """Datagrams and bytes of all clouds, both ways."""
    status = json.loads(subprocess.run([*kith, "status", "--json"], check=True,
                                       stdout=subprocess.PIPE).stdout)
    datagrams = octets = 0
    for cloud in status["clouds"]:
        for way in ("in", "out"):
            datagrams += cloud["counters"][f"datagrams_{way}"]
            octets += cloud["counters"][f"bytes_{way}"]
    return datagrams, octets


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--settle", type=float, default=300)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--build", default="build/release")
    options = parser.parse_args()
    if "KITH_IDLE_INSIDE" not in os.environ:
        os.environ["KITH_IDLE_INSIDE"] = "1"
        os.execv(ROOT / "bench/peers/ns.sh", ["ns.sh", sys.executable, *sys.argv])
    bin_dir = ROOT / options.build / "bin"
    life = options.settle + options.seconds + 60
    cloud = subprocess.Popen([bin_dir / "kith-bench", "cloud", "--nodes", str(options.nodes),
                              "--port", str(PORT), "--seconds", str(life)],
                             stdout=subprocess.PIPE, text=True)
    daemon = None
    try:
        cloud.stdout.readline()  # the last node has started
        with tempfile.TemporaryDirectory(prefix="kith-idle-") as data:
            api = f"{data}/api"
            daemon = subprocess.Popen([bin_dir / "kithd", "--data", data, "--api", api,
                                       "--listen", "127.0.0.1:4101",
                                       "--seed", f"127.0.0.1:{PORT}"])
            kith = [bin_dir / "kith", "--api", api]
            time.sleep(3)
            subprocess.run([*kith, "identity", "create", "idle", "--no-passphrase"], check=True,
                           stdout=subprocess.DEVNULL)
            subprocess.run([*kith, "name", "publish", "web", "--address", "127.0.0.1:443/tcp"],
                           check=True, stdout=subprocess.DEVNULL)
            time.sleep(options.settle)
            before = counters(kith)
            woken = wakeups(daemon.pid)
            begun = time.monotonic()
            time.sleep(options.seconds)
            woken = wakeups(daemon.pid) - woken
            minutes = (time.monotonic() - begun) / 60
            after = counters(kith)
            datagrams = after[0] - before[0]
            octets = after[1] - before[1] + HEADERS * datagrams
            print(json.dumps({"nodes": options.nodes, "minutes": round(minutes, 2),
                              "wakeups_per_minute": round(woken / minutes, 1),
                              "datagrams_per_minute": round(datagrams / minutes, 1),
                              "kib_per_hour": round(octets / minutes * 60 / 1024, 1)}))
            daemon.terminate()
            daemon.wait(10)
    finally:
        for process in (daemon, cloud):
            if process is not None and process.poll() is None:
                process.kill()


if __name__ == "__main__":
    main()
