#!/usr/bin/python3
"""Measures kith-bench beside the peers' programs, in turn and in one sitting, and prints a table.

    bench/table.py [--runs 3] [--nodes 64] [--names 800] [--build build/release]

Every program runs alone, in a network namespace of its own that has only `lo`, so root is needed.
Each figure is the median of the runs, with the lowest and the highest where they are apart.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PEERS = ROOT / "build/bench-peers"
RUN_SECONDS = 1800
PHASES = ("start", "get_first_c1", "get_first_c32", "join_to_first_get", "after_kill30_get_c8",
          "after_kill50_get_c8")


def programs(options: argparse.Namespace) -> dict[str, list]:
    size = ["--n", options.nodes, "--keys", options.names]
    return {
        "Kith": [ROOT / options.build / "bin/kith-bench", "names", "--nodes", options.nodes,
                 "--names", options.names],
        "libtorrent": [PEERS / "libtorrent_dht_bench", *size],
        "OpenDHT": [PEERS / "opendht_bench", *size],
    }


def measure(command: list) -> dict[str, dict]:
    """The JSON line of each phase."""
    done = subprocess.run([ROOT / "bench/peers/ns.sh", *map(str, command)], text=True,
                          stdout=subprocess.PIPE, check=False, timeout=RUN_SECONDS)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}")
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {line["phase"]: line for line in lines}


def spread(values: list[float], form: str) -> str:
    if not values or min(values) < 0:
        return ""
    middle = format(statistics.median(values), form)
    ends = [format(value, form) for value in (min(values), max(values))]
    return middle if ends[0] == ends[1] else f"{middle} ({ends[0]}..{ends[1]})"


def row(name: str, phase: str, runs: list[dict[str, dict]]) -> str | None:
    lines = [run[phase] for run in runs if phase in run]
    if not lines:
        return None

    def column(key: str, form: str, index: int | None = None) -> str:
        values = [line.get(key) for line in lines]
        if any(value is None for value in values):
            return ""
        return spread([value if index is None else value[index] for value in values], form)

    times = "ms" if phase == "join_to_first_get" else "first_ms"
    cells = [name, phase, column("ok_pct", ".1f"), column(times, ".2f", 0),
             column(times, ".1f", 1), column(times, ".1f", 2), column("ops_per_s", ".0f"),
             column("udp_per_op", ".1f"), column("cpu_us_per_op", ".0f"),
             column("rss_mib_per_node", ".3f")]
    return "| " + " | ".join(cells) + " |"


def processor() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--nodes", default="64")
    arguments.add_argument("--names", default="800")
    arguments.add_argument("--build", default="build/release")
    arguments.add_argument("--only", action="append", default=[], metavar="PROGRAM")
    options = arguments.parse_args()

    chosen = {name: command for name, command in programs(options).items()
              if not options.only or name in options.only}
    results: dict[str, list] = {name: [] for name in chosen}
    load = os.getloadavg()[0]
    for run in range(options.runs):
        for name, command in chosen.items():
            print(f"run {run + 1} of {options.runs}: {name}", file=sys.stderr, flush=True)
            results[name].append(measure(command))

    print(f"{datetime.date.today()}, {processor()}, {os.cpu_count()} cores, load {load:.1f} before;"
          f" {options.nodes} nodes, {options.names} names, median of {options.runs} (range)\n")
    print("| program | phase | ok % | p50 ms | p95 ms | p99 or max ms | gets/s | datagrams per get "
          "| CPU us per get | MiB per node |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for phase in PHASES:
        for name, runs in results.items():
            line = row(name, phase, runs)
            if line:
                print(line)


if __name__ == "__main__":
    main()
