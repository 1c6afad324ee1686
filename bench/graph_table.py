#!/usr/bin/python3
"""Measures kith-bench graph beside the peers and the floor of SQLite, in turn, and prints a table.

    bench/graph_table.py [--runs 5] [--build build/release] [--peers build/bench-peers] [--dir DIR]
    bench/graph_table.py --runs 1 --quick        # minutes; figures of small stores, marked as such
    bench/graph_table.py --only catch_up --only publish_durable

Every program runs alone, in a network namespace of its own that has only `lo`, so root is needed.
Each figure is the median of the runs, with the lowest and the highest behind it. Ratios are taken
within a run, where both programs met the same machine, and then their median. What is not installed
is left out, and the table says so.
"""
import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from table import processor

ROOT = pathlib.Path(__file__).resolve().parents[1]
RUN_SECONDS = 3600
NODES = 32
PHASES = ["catch_up", "reconcile", "reach_all_unloaded", "throughput", "publish_durable", "search"]

Line = dict
Run = list[Line]


class Program:
    """One that is run once per round; `why_not` says what is missing, if anything.

    `phases` are those of kith-bench that its figures belong to, or stand beside."""

    def __init__(self, name: str, command: list, phases: set[str], why_not: str = "",
                 **environment: object) -> None:
        self.name = name
        self.command = command
        self.phases = phases
        self.why_not = why_not
        self.environment = {key: str(value) for key, value in environment.items()}
        self.runs: list[Run] = []
        self.notes = [why_not] if why_not else []

    def begin_run(self) -> None:
        if not self.why_not:
            self.runs.append([])

    def measure(self, *more: str) -> None:
        """Adds the lines of one call to the run that was begun."""
        if self.why_not:
            return
        try:
            command = [ROOT / "bench/peers/ns.sh", *map(str, self.command), *more]
            done = subprocess.run(command, text=True, stdout=subprocess.PIPE, check=False,
                                  timeout=RUN_SECONDS, env=os.environ | self.environment)
        except subprocess.TimeoutExpired:
            self.notes.append(f"run {len(self.runs)} did not end within {RUN_SECONDS} s")
            return
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        self.runs[-1] += lines
        if done.returncode != 0:
            failed = " ".join(line["phase"] for line in lines if line.get("failed"))
            end = f"run {len(self.runs)} ended with {done.returncode} {failed}"
            self.notes.append(end.rstrip())


def programs(options: argparse.Namespace, scratch: str) -> list[Program]:
    bench = options.build / "bin/kith-bench"
    floor = options.peers / "store_floor"
    iroh = options.peers / "js/iroh"
    core = options.peers / "js/core"

    def needs(path: pathlib.Path, how: str) -> str:
        return "" if path.exists() else f"not installed: {how}"

    sizes = ["--records", 20_000, "--publish-records", 20_000, "--reconcile-records", 100_000,
             "--search-records", 100_000, "--seconds", 3] if options.quick else []
    peers = ROOT / "bench/peers"
    gossip = ["--seconds", 3] if options.quick else []
    return [
        Program("Kith", [bench, "graph", "--runs", 1, "--dir", scratch, *sizes], set(PHASES),
                needs(bench, "build kith-bench")),
        Program("SQLite", [floor, "--dir", scratch], {"catch_up", "publish_durable"},
                needs(floor, "make -C bench/peers")),
        Program("iroh-gossip", ["node", peers / "iroh_bench.mjs", "--mode", "gossip", "--n", NODES,
                                *gossip],
                {"reach_all_unloaded", "throughput"},
                needs(iroh / "node_modules", "make -C bench/peers modules"), PEERS_MODULES=iroh),
        Program("iroh-docs", ["node", peers / "iroh_bench.mjs", "--mode", "docs"], {"catch_up"},
                needs(iroh / "node_modules", "make -C bench/peers modules"), PEERS_MODULES=iroh),
        Program("hypercore", ["node", peers / "hypercore_bench.mjs", "--mode", "core"], {"catch_up"},
                needs(core / "node_modules", "make -C bench/peers modules"), PEERS_MODULES=core),
    ]


class Figure:
    """A number of each run; None where a run has it not."""

    def __init__(self, values: list[float | None]) -> None:
        self.values = values

    @staticmethod
    def of(program: Program, key: str, *, index: int | None = None, best=max, **wanted) -> "Figure":
        """`key` of the line that has all that is `wanted`; of several lines the best one."""
        values: list[float | None] = []
        for run in program.runs:
            found = [line[key] for line in run
                     if key in line and all(line.get(name) == it for name, it in wanted.items())]
            numbers = [value if index is None else value[index] for value in found]
            values.append(best(numbers) if numbers else None)
        return Figure(values)

    def __bool__(self) -> bool:
        return any(value is not None for value in self.values)

    def over(self, other: "Figure") -> "Figure":
        return Figure([a / b if a is not None and b else None
                       for a, b in zip(self.values, other.values)])

    def better(self, other: "Figure") -> "Figure":
        """Of each run; nothing where only one of them was measured."""
        return Figure([None if None in pair else max(pair)
                       for pair in zip(self.values, other.values)])

    def median(self) -> float:
        return statistics.median(value for value in self.values if value is not None)

    def text(self, form: str) -> str:
        there = [value for value in self.values if value is not None]
        if not there:
            return ""
        ends = [format(value, form) for value in (min(there), max(there))]
        middle = format(statistics.median(there), form)
        return middle if ends[0] == ends[1] else f"{middle} ({ends[0]}..{ends[1]})"


class Table:
    def __init__(self) -> None:
        print("| phase | Kith | beside | its figure | ratio | wanted | met |")
        print("| --- | ---: | --- | ---: | ---: | --- | --- |")

    @staticmethod
    def row(phase: str, ours: str, *rest: str) -> None:
        if not ours:
            return  # was not asked for
        cells = [phase, ours, *rest]
        print("| " + " | ".join(cells + [""] * (7 - len(cells))) + " |")

    def beside(self, phase: str, ours: Figure, name: str, theirs: Figure, *, form: str,
               wanted: str = "", meets=bool) -> None:
        ratio = ours.over(theirs)
        met = ("yes" if meets(ratio.median()) else "no") if ratio and wanted else ""
        self.row(phase, ours.text(form), name, theirs.text(form) or "not measured",
                 ratio.text(".2f"), wanted, met)

    def bound(self, phase: str, ours: Figure, *, form: str, wanted: str, most: float) -> None:
        """Held by the worst run."""
        there = [value for value in ours.values if value is not None]
        met = ("yes" if max(there) <= most else "no") if there else ""
        self.row(phase, ours.text(form), "", "", "", wanted, met)


def print_table(options: argparse.Namespace, kith: Program, floor: Program, gossip: Program,
                docs: Program, core: Program) -> None:
    table = Table()

    def floor_of(synchronous: str) -> Figure:
        return Figure.of(floor, "rows_per_s", table="random_key32", rows_per_tx=1000,
                         synchronous=synchronous)

    batches = "SQLite, random_key32, batches of 1000"
    docs_rate = Figure.of(docs, "content_per_s", phase="docs_sync")
    core_rate = Figure.of(core, "records_per_s", phase="replicate_fresh_peer")
    for durability, synchronous in (("relaxed", "NORMAL"), ("full", "FULL")):
        phase = f"catch_up, {durability}, records/s"
        ours = Figure.of(kith, "records_per_s", phase="catch_up", durability=durability)
        table.beside(phase, ours, f"{batches}, {synchronous}", floor_of(synchronous), form=".0f",
                     wanted="0.75 or more", meets=lambda ratio: ratio >= 0.75)
        table.beside(phase, ours, "iroh-docs, entries/s", docs_rate, form=".0f")
        table.beside(phase, ours, "hypercore, records/s", core_rate, form=".0f")
        table.beside(phase, ours, "the better of both", docs_rate.better(core_rate), form=".0f",
                     wanted="3 or more", meets=lambda ratio: ratio >= 3)

    sizes = sorted({line["records"] for run in kith.runs for line in run
                    if line["phase"] == "reconcile" and "records" in line})
    for size in sizes:
        name = f"reconcile, {size} records that differ in one"
        wanted = size == (100_000 if options.quick else 1_000_000)
        for key, what, most in (("round_trips", "round trips", 4), ("bytes", "bytes", 4096),
                                ("us", "us", 0)):
            for end, which in (("", ", median"), ("_max", ", worst")):
                figure = Figure.of(kith, key + end, phase="reconcile", records=size)
                label = f"{name}: {what}{which}"
                if most and wanted:
                    table.bound(label, figure, form=".0f", wanted=f"{most} or fewer", most=most)
                else:
                    table.row(label, figure.text(".0f"))

    reach = "reach_all_unloaded"
    for index, quantile in enumerate(("p50", "p95", "p99")):
        wanted = "" if index else "below 1"
        table.beside(f"{reach}, {quantile}, ms", Figure.of(kith, "ms", phase=reach, index=index),
                     "iroh-gossip", Figure.of(gossip, "ms", phase=reach, n=NODES, index=index),
                     form=".2f", wanted=wanted,
                     meets=lambda ratio: ratio < 1)
    table.beside("throughput, messages/s to all",
                 Figure.of(kith, "msgs_per_s_to_all", phase="throughput"),
                 "iroh-gossip, its best window",
                 Figure.of(gossip, "msgs_per_s_to_all", phase="throughput", n=NODES), form=".0f",
                 wanted="4 or more", meets=lambda ratio: ratio >= 4)
    table.bound("throughput, incomplete", Figure.of(kith, "incomplete", phase="throughput"),
                form=".0f", wanted="0", most=0)
    table.beside("publish_durable, records/s",
                 Figure.of(kith, "records_per_s", phase="publish_durable"), f"{batches}, FULL",
                 floor_of("FULL"), form=".0f", wanted="0.75 or more",
                 meets=lambda ratio: ratio >= 0.75)
    searched = Figure.of(kith, "records", phase="search")
    of_records = f" of {searched.median():.0f} records" if searched else ""
    for index, quantile in enumerate(("p50", "p95", "p99")):
        figure = Figure.of(kith, "ms", phase="search", index=index)
        phase = f"search{of_records}, {quantile}, ms"
        if index == 0:
            table.bound(phase, figure, form=".2f", wanted="below 5", most=4.999)
        else:
            table.row(phase, figure.text(".2f"))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    arguments.add_argument("--peers", type=pathlib.Path, default=ROOT / "build/bench-peers")
    arguments.add_argument("--dir", type=pathlib.Path, default=ROOT / "build",
                           help="a folder below it has the files while this runs; 2 GB")
    arguments.add_argument("--only", action="append", choices=PHASES, metavar="PHASE",
                           help=f"these phases, and what stands beside them: {', '.join(PHASES)}")
    arguments.add_argument("--quick", action="store_true", help="small stores: a look, no figures")
    arguments.add_argument("--keep", type=pathlib.Path, metavar="FILE",
                           help="every line of every program, as JSON")
    options = arguments.parse_args()
    options.build = options.build.absolute()
    options.peers = options.peers.absolute()

    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=options.dir, prefix="graph-table-") as scratch:
        chosen = programs(options, scratch)
        for run in range(options.runs):
            for program in chosen:
                if program.why_not or not program.phases & set(options.only or PHASES):
                    continue
                print(f"run {run + 1} of {options.runs}: {program.name}", file=sys.stderr,
                      flush=True)
                program.begin_run()
                if program.name == "Kith" and options.only:
                    for phase in options.only:
                        program.measure("--only", phase)
                else:
                    program.measure()
    if options.keep:
        kept = {program.name: program.runs for program in chosen}
        options.keep.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")

    small = "; SMALL STORES, no figures" if options.quick else ""
    print(f"{datetime.date.today()}, {processor()}, {os.cpu_count()} cores, load {load:.1f} before;"
          f" {NODES} nodes; median of {options.runs} (range){small}\n")
    print_table(options, *chosen)
    for program in chosen:
        if program.notes:
            print(f"\n{program.name}: {'; '.join(program.notes)}")
    if chosen[0].notes:
        sys.exit(1)


if __name__ == "__main__":
    main()
