#!/usr/bin/python3
"""Compares what a graph chooses by itself with a grid of fixed choices, in the simulator.

    bench/tuning.py [--nodes 100] [--seeds 3] [--build build/release]

For each of three networks: neighbours 2/3/7, 3/4/8 and 4/6/10 with timers at half, one and two
times, and the defaults. The cost of a choice is its median latency times its bytes per record (the
median over the seeds). Exit code 1 if the defaults cost over 1.25 times the best of the grid.
"""
import argparse
import concurrent.futures
import itertools
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
NETWORKS = ("lan", "wan", "cellular")
NEIGHBOURS = ("2/3/7", "3/4/8", "4/6/10")
TIMERS = ("0.5", "1", "2")
WORST_RATIO = 1.25


def run(program: pathlib.Path, nodes: int, seed: int, network: str, choice: tuple) -> dict:
    command = [program, "graph", "--json", "--nodes", str(nodes), "--seed", str(seed),
               "--network", network]
    if choice:
        command += ["--neighbours", choice[0], "--timers", choice[1]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--nodes", type=int, default=100)
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    given = arguments.parse_args()
    program = given.build / "bin/kith-sim"
    choices = [(), *itertools.product(NEIGHBOURS, TIMERS)]
    seeds = range(1, given.seeds + 1)
    print("| network | neighbours, timers | p50 ms | bytes per record | cost, ms KiB | of the best |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    is_good = True
    # A run compares two of its own and so keeps two cores busy.
    with concurrent.futures.ThreadPoolExecutor(max(1, (os.cpu_count() or 2) // 2)) as pool:
        for network in NETWORKS:
            jobs = {choice: [pool.submit(run, program, given.nodes, seed, network, choice)
                             for seed in seeds] for choice in choices}
            rows = {}
            for choice, runs in jobs.items():
                reports = [job.result() for job in runs]
                rows[choice] = (
                    statistics.median(it["latency_ms"]["p50"] for it in reports),
                    statistics.median(it["bytes_per_record_per_node"] for it in reports),
                    statistics.median(it["latency_ms"]["p50"] * it["bytes_per_record_per_node"]
                                      for it in reports) / 1024)
            best = min(cost for choice, (_, _, cost) in rows.items() if choice)
            for choice, (latency, octets, cost) in rows.items():
                name = ", ".join(choice) or "**the graph's own**"
                print(f"| {network} | {name} | {latency:.2f} | {octets:.0f} | {cost:.2f} "
                      f"| {cost / best:.2f} |", flush=True)
            is_good &= rows[()][2] <= WORST_RATIO * best
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
