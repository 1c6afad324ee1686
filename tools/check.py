#!/usr/bin/python3
"""Everything that must hold before a change is shared, one line per step.

The last line is `N passed, M failed`: the steps, and the test cases that they ran. Exit code 1 if
anything failed, 2 if the command line is wrong. Logs are in build/check/.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from typing import Callable, NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
LOGS = BUILD / "check"
CORES = len(os.sched_getaffinity(0))

COMMAND_SECONDS = 1800   # for one command; a step that hangs is a failed step
TAIL_LINES = 40          # of a failed step's log
FUZZ_SECONDS = 60        # for each target with --fuzz
SHARDS = 4               # processes for the cases of one test program
E2E_WORKERS = 3          # end-to-end tests at once: they mostly wait
TEST_WORKERS = CORES + 1 # parts of test programs at once: some wait
# What the thread sanitizer looks at: layers, and which of their tests. Of the simulator only a
# scenario's two runs have threads; the liars' one is the longest and has no more of them.
THREADED = {"host": "*", "api": "*", "daemon": "*", "embed": "*",
            "sim": "NamesScenario.*-*liars*"}
SIMULATED_NODES = "64"


class Cases(NamedTuple):
    """Test cases of a step."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Cases") -> "Cases":
        return Cases(*(mine + theirs for mine, theirs in zip(self, other)))


class StepFailed(Exception):
    """The text is the last line of the step's log."""

    def __init__(self, text: str, cases: Cases = Cases()):
        super().__init__(text)
        self.cases = cases


RUNNING: set[subprocess.Popen] = set()  # commands of all steps


class Log:
    """The log file of one step, and the way to run commands into it."""

    def __init__(self, name: str):
        self.path = LOGS / f"{name}.log"
        self.file = open(self.path, "w", encoding="utf-8")

    def write(self, text: str) -> None:
        self.file.write(text.rstrip("\n") + "\n")
        self.file.flush()

    def status(self, *command: str | os.PathLike) -> int:
        """Runs a command with its output in the log; its exit code."""
        arguments = [os.fspath(part) for part in command]
        self.write(f"$ {' '.join(arguments)}")
        with subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=self.file,
                              stderr=subprocess.STDOUT, start_new_session=True) as process:
            RUNNING.add(process)
            try:
                return process.wait(COMMAND_SECONDS)
            except subprocess.TimeoutExpired:
                self.write(f"not over after {COMMAND_SECONDS} s")
                return -1
            finally:  # nothing that it started stays, whether it hung or somebody pressed Ctrl-C
                RUNNING.discard(process)
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    def run(self, *command: str | os.PathLike) -> None:
        code = self.status(*command)
        if code != 0:
            raise StepFailed(f"{pathlib.Path(command[0]).name} ended with {code}")


# What steps are made of --------------------------------------------------------------------------

def sources() -> list[pathlib.Path]:
    """Our C++ files: what git knows or would take."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.cpp", "*.hpp"],
                            cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        paths = [ROOT / line for line in listed.stdout.splitlines()]
    else:  # an unpacked archive
        paths = [path for tree in ("src", "sim", "include", "tests", "bench")
                 for path in (ROOT / tree).rglob("*.[ch]pp")]
    return sorted(path for path in paths if path.is_file())


def build(log: Log, preset: str, *targets: str) -> pathlib.Path:
    log.run("cmake", "--preset", preset)
    chosen = ["--target", *targets] if targets else []
    log.run("cmake", "--build", "--preset", preset, *chosen, "--", "-k", "0")  # all errors
    return BUILD / preset


def junit_cases(report: pathlib.Path) -> Cases:
    """The cases of a JUnit file, as ctest, pytest and GoogleTest write it."""
    if not report.is_file():
        return Cases()
    total = Cases()
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        kinds = {child.tag for child in case}
        status = case.get("status", "run")
        if kinds & {"failure", "error"} or status == "fail":
            total += Cases(failed=1)
        elif "skipped" in kinds or status in ("notrun", "disabled"):
            total += Cases(skipped=1)
        else:
            total += Cases(passed=1)
    return total


def verdict(code: int, cases: Cases) -> Cases:
    """Cases of a test run that went well; a run without cases did not."""
    if cases.failed or code != 0:
        raise StepFailed(f"{cases.failed} of {cases.passed + cases.failed} cases failed", cases)
    if not cases.passed:
        raise StepFailed("no test ran", cases)
    return cases


def run_tests(log: Log, preset: str) -> Cases:
    """All test programs of a preset, and what else ctest knows of."""
    programs = {path: "*" for path in (BUILD / preset / "tests").glob("kith_*_tests")}
    report = LOGS / f"{preset}-ctest.xml"
    report.unlink(missing_ok=True)
    with concurrent.futures.ThreadPoolExecutor(1) as beside:  # its longest test has one thread
        others = beside.submit(
            log.status, "ctest", "--test-dir", BUILD / preset, "-LE", "unit", "--no-tests=error",
            "--output-on-failure", "--output-junit", report)
        codes, total = run_programs(log, preset, programs)
        codes.append(others.result())
    return verdict(max(codes, key=abs), total + junit_cases(report))


def run_programs(log: Log, preset: str,
                 programs: dict[pathlib.Path, str]) -> tuple[list[int], Cases]:
    """Test programs with their filters, each in a few processes: one for each case costs more than
    most cases."""
    # The largest first: nobody waits for a long one in the end.
    ordered = sorted(programs, key=lambda path: -path.stat().st_size)
    reports = LOGS / f"{preset}-reports"
    shutil.rmtree(reports, ignore_errors=True)

    def run(job: tuple[pathlib.Path, int]):
        program, shard = job
        shards = {"GTEST_TOTAL_SHARDS": str(SHARDS), "GTEST_SHARD_INDEX": str(shard)}
        report = reports / f"{program.name}-{shard}.xml"
        done = subprocess.run(
            [program, f"--gtest_filter={programs[program]}", f"--gtest_output=xml:{report}",
             "--gtest_brief=1"],
            cwd=program.parent, env=os.environ | shards, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            check=False, timeout=COMMAND_SECONDS)
        return program, shard, report, done

    codes, total, failures = [], Cases(), []
    with concurrent.futures.ThreadPoolExecutor(TEST_WORKERS) as pool:
        jobs = [(program, shard) for program in ordered for shard in range(SHARDS)]
        for program, shard, report, done in pool.map(run, jobs):
            title = f"--- {program.name}, part {shard}: {done.returncode}"
            log.write(title)
            if done.returncode != 0:
                failures.append(f"{title}\n{done.stdout}")
            else:
                log.write(done.stdout[-500:])
            codes.append(done.returncode)
            total += junit_cases(report)
    for failure in failures:  # last: the end of the log is what is shown of it
        log.write(failure)
    return codes, total


def layer_folder(layer: str) -> pathlib.Path:
    return ROOT / ("sim" if layer == "sim" else f"src/{layer}")


# The steps ---------------------------------------------------------------------------------------

def step_layers(log: Log) -> Cases:
    log.run(sys.executable, ROOT / "tests/layers/layers.py")
    return Cases()


def step_conformance(log: Log) -> Cases:
    log.run(sys.executable, ROOT / "tools/conformance_test.py")
    log.run(sys.executable, ROOT / "tools/conformance", "--check")
    log.run(sys.executable, ROOT / "tools/named_tests.py")
    return Cases()


def step_format(log: Log) -> Cases:
    files = sources()
    log.run("clang-format-19", "--dry-run", "-Werror", *files)
    return Cases()


def step_dev(log: Log) -> Cases:
    build(log, "check")
    return run_tests(log, "check")


def step_asan(log: Log) -> Cases:
    build(log, "asan")
    return run_tests(log, "asan")


def step_tsan(log: Log) -> Cases:
    layers = [layer for layer in THREADED if list(layer_folder(layer).glob("*_test.cpp"))]
    if not layers:
        raise StepFailed("no layer with threads has tests")
    targets = {f"kith_{layer}_tests": THREADED[layer] for layer in layers}
    folder = build(log, "tsan", *targets) / "tests"
    codes, total = run_programs(log, "tsan", {folder / name: tests
                                              for name, tests in targets.items()})
    return verdict(max(codes, key=abs), total)


def step_e2e(log: Log) -> Cases:
    folder = build(log, "check", "kith", "kithd")
    # Optional: the one test that needs it says so where it is missing.
    log.status(ROOT / "tools/install_packages.sh", "capture")
    report = LOGS / "e2e-junit.xml"
    report.unlink(missing_ok=True)
    code = log.status(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rs",
                      "-n", str(E2E_WORKERS), f"--junitxml={report}", f"--programs={folder / 'bin'}", ROOT / "tests/e2e")
    return verdict(code, junit_cases(report))


def step_demo(log: Log) -> Cases:
    folder = build(log, "check", "kith", "kithd")
    log.run(sys.executable, ROOT / "tools/demo.py", "--once", "--programs", folder / "bin")
    return Cases()


def step_sim(log: Log) -> Cases:
    """One seed, one run: the simulator compares two runs of a process, this two processes."""
    folder = build(log, "check", "kith-sim")
    command = [folder / "bin/kith-sim", "names", "--nodes", SIMULATED_NODES, "--seed", "7", "--json"]
    hashes = []
    for _ in range(2):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False,
                              timeout=COMMAND_SECONDS)
        log.write(done.stdout + done.stderr)
        if done.returncode != 0:
            raise StepFailed(f"kith-sim ended with {done.returncode}")
        report = json.loads(done.stdout)
        hashes.append(report["trace_hash"])
        if report["forged"] or report["succeeded"] != report["resolves"]:
            raise StepFailed(f"{report['succeeded']} of {report['resolves']} resolves succeeded, "
                             f"{report['forged']} were forged")
    if hashes[0] != hashes[1]:
        raise StepFailed(f"the same seed gave the traces {hashes[0]} and {hashes[1]}")
    return Cases()


def step_tidy(log: Log) -> Cases:
    # Half of all the time goes into this one check.
    return lint(log, lambda entry: not re.search(r"_(tests|fuzz)\.dir/", entry["command"]),
                "-performance-unnecessary-value-param")


def step_tidy_all(log: Log) -> Cases:
    return lint(log, lambda entry: "_fuzz.dir/" not in entry["command"])


def lint(log: Log, is_wanted: Callable[[dict], bool], *left_out: str) -> Cases:
    """clang-tidy on the unity sources of the asan preset: headers are read once for many files."""
    folder = BUILD / "asan"
    if not (folder / "compile_commands.json").is_file():
        log.run("cmake", "--preset", "asan")
    entries = json.loads((folder / "compile_commands.json").read_text(encoding="utf-8"))
    # The largest first: nobody waits for a long one in the end.
    sources_seen = sorted({entry["file"] for entry in entries if is_wanted(entry)},
                          key=lambda source: (-os.path.getsize(source), source))

    def tidy(source: str):
        return source, subprocess.run(
            ["clang-tidy-19", "--quiet", "-p", folder, source,
             # A unity source includes .cpp files: that is what it is for.
             "--checks=" + ",".join(["-bugprone-suspicious-include", *left_out])],
            cwd=ROOT, text=True, stdin=subprocess.DEVNULL, capture_output=True, check=False,
            timeout=COMMAND_SECONDS)

    failed, errors = 0, set()
    with concurrent.futures.ThreadPoolExecutor(CORES) as pool:
        for source, done in pool.map(tidy, sources_seen):
            if done.returncode != 0:
                failed += 1
                log.write(f"--- {source}\n{done.stdout}{done.stderr}")
                errors.update(re.findall(r"^.*: error: .*$", done.stdout, re.MULTILINE))
    if failed:
        log.write("--- in short\n" + "\n".join(sorted(errors)))
        raise StepFailed(f"{len(errors)} findings")
    return Cases()


def fuzz_targets(log: Log) -> list[pathlib.Path]:
    folder = build(log, "fuzz") / "fuzz"
    names = sorted(path.stem for path in (ROOT / "tests/fuzz").glob("*/*_fuzz.cpp"))
    if not names:
        raise StepFailed("there is no fuzz target")
    return [folder / name for name in names]


def corpus_of(target: pathlib.Path) -> pathlib.Path:
    return ROOT / "tests/fuzz/corpus" / target.name.removesuffix("_fuzz")


def each_target(log: Log, targets: list[pathlib.Path],
                command: Callable[[pathlib.Path], list]) -> Cases:
    """Runs every target, as many at once as there are cores; each is one case."""
    def run(target: pathlib.Path):
        done = subprocess.run(command(target), cwd=LOGS, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, timeout=COMMAND_SECONDS)
        return target, done

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(CORES) as pool:
        for target, done in pool.map(run, targets):
            log.write(f"--- {target.name}: {done.returncode}")
            if done.returncode != 0:
                failed += 1
                log.write(done.stdout)
            else:
                log.write("\n".join(done.stdout.splitlines()[-3:]))
    return verdict(failed, Cases(passed=len(targets) - failed, failed=failed))


def step_fuzz(log: Log) -> Cases:
    targets = fuzz_targets(log)
    for target in targets:
        if not corpus_of(target).is_dir():
            raise StepFailed(f"{target.name} has no seeds in {corpus_of(target).relative_to(ROOT)}")
    for target in targets:  # what the fuzzer finds is not written into the tree
        found = BUILD / "fuzz-corpus" / target.name
        found.mkdir(parents=True, exist_ok=True)
        shutil.copytree(corpus_of(target), found, dirs_exist_ok=True)
    return each_target(log, targets, lambda target: [
        target, f"-max_total_time={FUZZ_SECONDS}", "-timeout=10", "-rss_limit_mb=2048",
        f"-artifact_prefix={LOGS}/{target.name}-", BUILD / "fuzz-corpus" / target.name])


class Step(NamedTuple):
    name: str
    what: str
    run: Callable[[Log], Cases]
    is_fast: bool = False
    waits: bool = False  # more than it computes: the next step runs beside it


# Cheap ones first: what fails at once is seen at once.
STEPS = [
    Step("layers", "includes run one way; no clock, entropy or thread in a core", step_layers, True),
    Step("format", "clang-format 19", step_format, True),
    Step("conformance", "every requirement of names has an answer", step_conformance, True),
    Step("dev", "g++ 12 optimised build and unit tests", step_dev, True),
    Step("sim", "a small simulated cloud, twice the same", step_sim),
    Step("demo", "the story of ./demo", step_demo, waits=True),
    Step("e2e", "real processes on namespaces of this machine", step_e2e, waits=True),
    Step("asan", "clang 19 with address and undefined behaviour sanitizers; every fuzz seed",
         step_asan),
    Step("tidy", "clang-tidy 19 on layers and programs", step_tidy),
    Step("tsan", "clang 19 with the thread sanitizer: what has threads", step_tsan),
    Step("fuzz", f"every fuzz target for {FUZZ_SECONDS} s (with --fuzz)", step_fuzz),
    Step("tidy-all", "clang-tidy 19 with every check, on the tests as well (with --fuzz)",
         step_tidy_all),
]


# Running them ------------------------------------------------------------------------------------

def cpu_seconds() -> float:
    """Of the commands that have ended: what a busy machine does not distort."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run_step(step: Step) -> tuple[bool, Cases]:
    started, cpu_before = time.monotonic(), cpu_seconds()
    log = Log(step.name)
    try:
        good, cases, note = True, step.run(log), ""
    except StepFailed as failure:
        good, cases, note = False, failure.cases, str(failure)
    except (OSError, ValueError, KeyError, subprocess.SubprocessError,
            ElementTree.ParseError) as failure:
        good, cases, note = False, Cases(), f"{type(failure).__name__}: {failure}"
    log.write(f"{cpu_seconds() - cpu_before:.1f} s of processor time")
    if not good:
        log.write(note)
    counts = [f"{count} {word}" for count, word in zip(cases, Cases._fields) if count]
    shown = ", ".join(counts) if good else "; ".join(filter(None, [note, ", ".join(counts)]))
    print(f"{time.strftime('%H:%M:%S')}  {step.name:<11} {'ok' if good else 'FAILED':<7}"
          f"{time.monotonic() - started:7.1f} s  {shown}".rstrip(), flush=True)
    if not good:
        text = log.path.read_text(encoding="utf-8", errors="replace").splitlines()
        print(f"--- the end of {log.path.relative_to(ROOT)}")
        print("\n".join(text[-TAIL_LINES:]))
        print("---", flush=True)
    return good, cases


def set_environment() -> None:
    # The compiler cache is shared with clones that lie elsewhere.
    os.environ.setdefault("CCACHE_BASEDIR", str(ROOT))
    os.environ.setdefault("CCACHE_NOHASHDIR", "1")
    os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    os.environ.setdefault("TSAN_OPTIONS", "halt_on_error=1")
    symbolizer = shutil.which("llvm-symbolizer-19")
    if symbolizer:
        os.environ.setdefault("ASAN_SYMBOLIZER_PATH", symbolizer)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for name in ("KITH_API", "KITH_BIN"):  # a developer's own daemon is not what is tested
        os.environ.pop(name, None)


def chosen_steps() -> list[Step]:
    arguments = argparse.ArgumentParser(prog="check", description=__doc__.split("\n\n")[0])
    arguments.add_argument("--fast", action="store_true",
                           help="only " + ", ".join(step.name for step in STEPS if step.is_fast))
    arguments.add_argument("--fuzz", action="store_true",
                           help=f"the long run: every fuzz target for {FUZZ_SECONDS} s and "
                                "clang-tidy with every check on everything")
    arguments.add_argument("--only", action="append", metavar="STEP", default=[],
                           choices=[step.name for step in STEPS],
                           help="this step and what it builds; may be given again")
    arguments.add_argument("--list", action="store_true", help="list the steps and end")
    given = arguments.parse_args()
    if given.list:
        for step in STEPS:
            print(f"{step.name:<11} {step.what}")
        sys.exit(0)
    if given.only:
        return [step for step in STEPS if step.name in given.only]
    if given.fast:
        return [step for step in STEPS if step.is_fast]
    return [step for step in STEPS if given.fuzz or step.name not in ("fuzz", "tidy-all")]


def main() -> int:
    steps = chosen_steps()
    LOGS.mkdir(parents=True, exist_ok=True)
    set_environment()
    outcomes: list[tuple[bool, Cases]] = []
    with concurrent.futures.ThreadPoolExecutor(1) as beside:
        waiting: list[concurrent.futures.Future] = []
        try:
            for step in steps:
                if step.waits:
                    waiting.append(beside.submit(run_step, step))
                    continue
                outcomes += [run_step(step), *(each.result() for each in waiting)]
                waiting.clear()
            outcomes += [each.result() for each in waiting]
        except KeyboardInterrupt:
            for process in list(RUNNING):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    passed = sum(good + cases.passed for good, cases in outcomes)
    failed = sum((not good) + cases.failed for good, cases in outcomes)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def stop_on_signal(_number, _frame) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop_on_signal)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
