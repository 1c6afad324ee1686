#!/usr/bin/python3
"""The main jobs of names and graphs, told on a network that exists only on this machine.

Two links with a router between them, a seed and four hosts, each with its own kithd: two link-local
clouds and a global one. Names are published and found on the other side, or on their link only; a
host changes its address; a publisher is killed, another one leaves, then the seed dies, and the
killed one comes back by what it remembers. Then four hosts share a graph of records, one of them is
cut off while both sides change records, the same ones too, and comes back. What commands print is
compared with what was published; the first difference ends the story with exit code 1.
"""
import argparse
import base64
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))

import graphs  # noqa: E402
import net     # noqa: E402
import nodes   # noqa: E402

STORY_SECONDS = 118  # the whole story; a healthy one takes half of it
MOVED_SECONDS = 5    # within which a changed address has to be found
LINK_CLOUD = "LinkLocal_%eth0"
WEATHER = net.Weather(delay_ms=5, jitter_ms=2, loss=0.01)
COLUMNS = 96
PAYLOAD = b'{"service": "http", "path": "/photos", "since": 2026}'
GRAPH = "trip"
CUT_SECONDS = 3      # for which a host is cut off
HEALED_SECONDS = 60  # within which all databases have to be equal again
PASSPHRASE = "correct horse battery staple"


class Storyteller:
    """Prints what happens. Colours only on a terminal, and not where NO_COLOR is set."""

    def __init__(self, pause: float):
        self.pause = pause
        self.started = time.monotonic()
        self.coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.chapters = 0

    def _paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.coloured else text

    def chapter(self, title: str) -> None:
        self.chapters += 1
        time.sleep(self.pause)
        print(f"\n{self._paint('1;36', f'{self.chapters}. {title}')}", flush=True)

    def say(self, text: str) -> None:
        print(textwrap.fill(" ".join(text.split()), COLUMNS, initial_indent="   ",
                            subsequent_indent="   "), flush=True)

    def command(self, host: str, command: str) -> None:
        shown = self._paint("1", command)
        print(f"   {self._paint('33', host + ' $')} {shown}", flush=True)

    def field(self, name: str, value: str) -> None:
        print(f"       {name:<11} {value}", flush=True)

    def verified(self, text: str) -> None:
        print(f"   {self._paint('32', 'ok')} {text}", flush=True)


class Demo:
    def __init__(self, network, folder: pathlib.Path, programs: pathlib.Path, tell: Storyteller):
        self.network = network
        self.folder = folder
        self.programs = programs
        self.tell = tell
        self.nodes: dict[str, nodes.Node] = {}
        self.names: dict[str, dict] = {}       # what `kith name publish` said, by host
        self.records: dict[str, str] = {}      # ids of the graph's records
        self.published: dict[str, dict] = {}   # what must come back, by host
        self.passphrase_file = folder / "passphrase"

    # The parts of the story ---------------------------------------------------------------------

    def run(self) -> None:
        self.passphrase_file.write_text(PASSPHRASE + "\n", encoding="utf-8")
        self.passphrase_file.chmod(0o600)
        self.start_network()
        self.make_identities()
        self.publish_names()
        self.resolve_names()
        if self.network.kind == "namespaces":
            self.stay_on_the_link()
            self.change_an_address()
        else:
            self.tell.say("""(What needs links is left out on loopback: names of one link only, and a
                host that changes its address.)""")
        self.kill_a_publisher()
        self.stop_a_publisher()
        self.kill_the_seed()
        self.bring_the_killed_one_back()
        self.share_a_graph()
        self.change_records()
        self.cut_a_host_off()

    def add_node(self, name: str, link: int, *arguments: str) -> nodes.Node:
        seed = self.nodes.get("seed")
        # On loopback, discovery would speak to this machine's real network.
        quiet = ("--no-ssdp",) if self.network.kind == "loopback" else ()
        node = nodes.Node(self.network.host(name, link), self.folder, self.programs,
                          (seed.endpoint,) if seed else (), (*quiet, *arguments))
        node.is_everywhere = self.network.kind == "namespaces"
        self.nodes[name] = node
        node.start()
        role = f"knows {seed.endpoint}" if seed else "the seed: no server, only the first to ask"
        self.tell.field(name, f"{node.endpoint:<26} link {link}   {role}")
        return node

    def start_network(self) -> None:
        self.tell.chapter("A network, and a node on every host")
        if self.network.kind == "namespaces":
            self.tell.say(f"""Link 1 is {self.network.link_names[1]}, link 2 is
                {self.network.link_names[2]}, a router joins them; every host is a network namespace
                with a kithd of its own and its own folder of data. Between each host and its link
                there are {self.network.weather}.""")
        else:
            self.tell.say("""Every host is an address of the loopback interface, with a kithd of its
                own and its own folder of data.""")
        self.add_node("seed", 1, "--seed-node")
        for name, link in (("alice", 1), ("bob", 2), ("carol", 1), ("dave", 2)):
            self.add_node(name, link)
        for name in ("alice", "bob", "carol", "dave"):
            self.nodes[name].wait_settled()
        self.tell.verified("all of them are up and have asked for their clouds")
        self.tell.command("dave", "kith cloud list")
        for cloud in self.nodes["dave"].clouds().values():
            self.tell.field(cloud["scope"], f"{cloud['name']}  {', '.join(cloud['endpoints'])}")
        if self.network.kind == "namespaces":
            expect("dave's clouds", sorted(self.nodes["dave"].clouds()), ["Global_", LINK_CLOUD])
            self.tell.say("""The link-local cloud of link 1 and that of link 2 are two clouds: what is
                said in one is not heard in the other, nor in the global one.""")

    def make_identities(self) -> None:
        self.tell.chapter("Identities: a key and the name that follows from it")
        for name, options in (("alice", ("--passphrase-file", self.passphrase_file)),
                              ("bob", ("--no-passphrase",)), ("carol", ("--no-passphrase",)),
                              ("dave", ("--no-passphrase",))):
            shown = "--passphrase-file passphrase" if name == "alice" else "--no-passphrase"
            self.tell.command(name, f"kith identity create {name} {shown}")
            made = self.nodes[name].ask("identity", "create", name, *options)
            self.tell.field("peer name", made["peer_name"])
            expect("the identity is protected as asked", made["protected"], name == "alice")
        self.tell.say("""Nobody gave these names out. Each is a digest of its owner's public key, so
            no one else can publish under it. Alice's key is encrypted on her disk.""")

    def publish_names(self) -> None:
        self.tell.chapter("Publishing")
        self.publish("alice", "photos", 443, "Alice's holiday pictures", PAYLOAD,
                     "--passphrase-file", self.passphrase_file)
        self.publish("bob", "chat", None, "Bob is in", None)
        self.publish("dave", "backup", 22, "append only", None)
        self.publish("carol", "printer", 631, "second floor, left", None, "--unsecured")
        for name, published in self.names.items():
            node = self.nodes[name]
            node.wait_announced(published["peer_name"], node.cloud()["name"])
        self.tell.verified("the cloud knows all four")
        self.tell.say("""The last one is unsecured: a bare word that anybody may use, like a name
            shouted across a room.""")

    def publish(self, host: str, classifier: str, port: int | None, comment: str, payload: bytes | None,
                *options) -> None:
        node = self.nodes[host]
        # Without a port: at the host's own addresses, whatever they are from now on.
        address = f"{node.host.endpoint(port)}/tcp" if port else node.host.address
        where = ["--address", address] if port else []
        shown = " ".join(["kith name publish", classifier, *where, f'--comment "{comment}"'])
        arguments = [classifier, *where, "--comment", comment, *options]
        if payload is not None:
            file = self.folder / f"{host}-payload.json"
            file.write_bytes(payload)
            arguments += ["--payload", file]
            shown += f" --payload {file.name}"
        shown += " --unsecured" if "--unsecured" in options else ""
        shown += " --passphrase-file passphrase" if "--passphrase-file" in options else ""
        self.tell.command(host, shown)
        name = node.ask("name", "publish", *arguments)
        self.tell.field("peer name", name["peer_name"])
        self.tell.field("host name", name["host_name"])
        self.names[host] = name
        self.published[host] = {
            "peer_name": name["peer_name"], "addresses": [address], "comment": comment,
            "payload_base64": base64.b64encode(payload).decode() if payload else None,
            "node_endpoints": [node.endpoint], "verified": "--unsecured" not in options}

    def resolve_names(self) -> None:
        self.tell.chapter("Resolving, each from a host on the other link")
        self.find("dave", "alice")
        self.find("alice", "bob")
        self.find("carol", "dave")
        self.find("bob", "carol")

    def find(self, seeker: str, publisher: str, cloud: str | None = None) -> None:
        """Resolves, shows it, and compares every value with what was published."""
        wanted = self.published[publisher]
        where = f" --cloud {cloud}" if cloud else ""
        self.tell.command(seeker, f"kith name resolve {wanted['peer_name']}{where}")
        found = self.nodes[seeker].resolved(wanted["peer_name"], cloud=cloud)
        self.tell.field("addresses", ", ".join(found["addresses"]))
        self.tell.field("comment", found["comment"])
        if found["payload_base64"]:
            payload = base64.b64decode(found["payload_base64"])
            self.tell.field("payload", payload.decode(errors="backslashreplace"))
        signer = "signed by the key that owns the name" if found["verified"] else "nobody vouches"
        self.tell.field("verified", f"{'yes' if found['verified'] else 'no'}: {signer}")
        for key, value in wanted.items():
            expect(f"{key} of {wanted['peer_name']}", found[key], value)
        expect(f"where {wanted['peer_name']} was found", found["local"], False)
        self.tell.verified(f"the same as {publisher} published; {found['lookups']} lookups, "
                           f"{found['took_ms']:.1f} ms")

    def miss(self, seeker: str, publisher: str) -> float:
        """Resolves what must not be found any more; the seconds that it took to say so."""
        peer_name = self.names[publisher]["peer_name"]
        self.tell.command(seeker, f"kith name resolve {peer_name}")
        answer = self.nodes[seeker].resolve(peer_name)
        expect(f"the exit code of resolving {peer_name}", answer.code, 1)
        self.tell.field("stderr", answer.err.strip())
        self.tell.field("exit code", str(answer.code))
        return answer.seconds

    def stay_on_the_link(self) -> None:
        self.tell.chapter("A name of one link only")
        node = self.nodes["carol"]
        self.tell.command("carol", f"kith name publish doorbell --unsecured --cloud {LINK_CLOUD}")
        name = node.ask("name", "publish", "doorbell", "--unsecured", "--cloud", LINK_CLOUD)
        expect("the clouds of the doorbell", [each["cloud"] for each in name["clouds"]],
               [LINK_CLOUD])
        node.wait_announced("0.doorbell", LINK_CLOUD)
        self.tell.command("alice", "kith name resolve 0.doorbell")
        found = self.nodes["alice"].resolved("0.doorbell")
        self.tell.field("cloud", found["cloud"])
        self.tell.field("addresses", ", ".join(found["addresses"]))
        expect("the cloud that knew the doorbell", found["cloud"], LINK_CLOUD)
        expect("its address", found["addresses"], [node.host.link_address])
        self.tell.verified("alice is on carol's link, and finds it at a link-local address")
        self.tell.command("bob", "kith name resolve 0.doorbell")
        answer = self.nodes["bob"].resolve("0.doorbell")
        expect("the exit code on the other link", answer.code, 1)
        self.tell.field("stderr", answer.err.strip())
        self.tell.verified("bob is not, and does not")

    def change_an_address(self) -> None:
        self.tell.chapter("Bob's host changes its address")
        bob, wanted = self.nodes["bob"], self.published["bob"]
        old = self.network.move(bob.host)
        moved_at = time.monotonic()
        self.tell.field("from", old)
        self.tell.field("to", bob.host.address)
        wanted |= {"addresses": [bob.host.address], "node_endpoints": [bob.endpoint]}
        found_after, answers = None, 0
        while time.monotonic() - moved_at < MOVED_SECONDS + 2:
            answer = self.nodes["alice"].resolve(wanted["peer_name"], seconds=2)
            if answer.code != 0:
                continue
            answers += 1
            for key in ("addresses", "node_endpoints"):
                expect(f"{key} after the change", answer.document[key], wanted[key])
            found_after = found_after or time.monotonic() - moved_at
        expect("that it is found in time", found_after is not None and
               found_after <= MOVED_SECONDS, True)
        self.tell.verified(f"alice found him at the new one {found_after:.1f} s later, and never "
                           f"again at the old one in {answers} answers")

    def kill_a_publisher(self) -> None:
        self.tell.chapter("Alice's machine loses power (SIGKILL)")
        nodes.eventually("alice's disk remembers bob or dave",
                         lambda: self.remembers("alice", "bob") or self.remembers("alice", "dave"))
        self.nodes["alice"].kill()
        expect("that dave's node believes in her", self.nodes["dave"].lists(self.nodes["alice"]),
               True)
        seconds = self.miss("dave", "alice")
        self.tell.verified(f"no stale answer, and dave knew after {seconds:.2f} s")

    def remembers(self, host: str, other: str) -> bool:
        """Whether the nodes that `host` keeps for its next run include `other`."""
        file = self.nodes[host].data / "nodes"
        lines = file.read_text(encoding="ascii").splitlines() if file.exists() else []
        return self.nodes[other].endpoint in lines

    def stop_a_publisher(self) -> None:
        self.tell.chapter("Carol goes home and shuts down properly (SIGTERM)")
        started = time.monotonic()
        expect("carol's exit code", self.nodes["carol"].stop(), 0)
        left = time.monotonic() - started
        bob = self.nodes["bob"]
        nodes.eventually("bob has forgotten carol", lambda: not bob.lists(self.nodes["carol"]), 3)
        self.tell.verified(f"she took her name back within {left:.2f} s, and bob's node was told")
        seconds = self.miss("bob", "carol")
        self.tell.verified(f"nobody had to wait for her silence: {seconds:.2f} s")

    def kill_the_seed(self) -> None:
        self.tell.chapter("The seed dies (SIGKILL)")
        self.nodes["seed"].kill()
        # The two that are left share a link, whose cloud never needed a seed.
        self.find("bob", "dave", "Global_")
        self.find("dave", "bob", "Global_")
        self.tell.verified("the cloud does not need it")

    def bring_the_killed_one_back(self) -> None:
        self.tell.chapter("Alice's power is back")
        self.tell.say("""Her only seed is dead. She comes back by the nodes that she remembered.""")
        node = self.nodes["alice"].start()
        node.wait_joined()
        self.tell.command("alice", "kith identity list")
        identities = node.ask("identity", "list")["identities"]
        expect("alice's identities", [found["name"] for found in identities], ["alice"])
        self.tell.field("peer name", identities[0]["peer_name"])
        before = self.names["alice"]["peer_name"]
        self.publish("alice", "photos", 8443, "Alice is back", PAYLOAD,
                     "--passphrase-file", self.passphrase_file)
        expect("alice's name after the restart", self.names["alice"]["peer_name"], before)
        node.wait_announced(before, node.cloud()["name"])
        self.tell.verified("the same key, so the same name; it has a new port now")
        self.find("dave", "alice")

    def share_a_graph(self) -> None:
        self.tell.chapter("Four hosts share a graph: a database of records that all of them hold")
        self.nodes["carol"].start()
        members = [self.nodes[name] for name in ("alice", "bob", "carol", "dave")]
        self.tell.command("alice", f"kith graph create {GRAPH} --title 'Summer trip'")
        graphs.found(members[0], GRAPH, "--title", "Summer trip")
        there = graphs.graph_endpoint(members[0], GRAPH)
        for node in members[1:]:
            self.tell.command(node.host.name,
                              f"kith graph open {GRAPH} && kith graph connect {GRAPH} --to {there}")
            joined = graphs.join(node, GRAPH, members[0])
            expect("the title of the graph", joined["friendly_name"], "Summer trip")
        nodes.eventually("everybody sees everybody", lambda: all(
            len(node.ask("graph", "nodes", GRAPH)["nodes"]) == 4 for node in members))
        self.tell.verified("all four have its properties, and see each other")

    def add_record(self, host: str, record_type: str, payload: str, *options: str) -> str:
        shown = " ".join(["kith record add", GRAPH, "--type", record_type, *options])
        self.tell.command(host, f"echo '{payload}' | {shown} -")
        return graphs.add(self.nodes[host], GRAPH, record_type, payload, *options)["id"]

    def update_record(self, host: str, record: str, payload: str) -> None:
        self.tell.command(host, f"echo '{payload}' | kith record update {record} -")
        file = self.folder / f"{host}-update"
        file.write_text(payload, encoding="utf-8")
        self.nodes[host].ask("record", "update", record, file)

    def members(self) -> list[nodes.Node]:
        return [self.nodes[name] for name in ("alice", "bob", "carol", "dave")]

    def contents(self, host: str) -> list[str]:
        return sorted(graphs.payload_of(record)
                      for record in graphs.records(self.nodes[host], GRAPH).values())

    def change_records(self) -> None:
        self.tell.chapter("Records flow")
        self.records = {
            "tent": self.add_record("alice", "item", "tent", "--attr", "who=alice",
                                    "--attr", "kilos:int=4"),
            "stove": self.add_record("bob", "item", "stove", "--attr", "who=bob",
                                     "--attr", "kilos:int=1"),
            "map": self.add_record("carol", "item", "map", "--attr", "who=carol")}
        started = time.monotonic()
        nodes.eventually("dave has all three", lambda: self.contents("dave") ==
                         ["map", "stove", "tent"])
        graphs.wait_equal(GRAPH, self.members())
        self.tell.verified(f"on every host, {time.monotonic() - started:.1f} s after the last one")
        self.tell.command("dave", f"kith record search {GRAPH} 'kilos>2 or who=carol'")
        found = self.nodes["dave"].ask("record", "search", GRAPH, "kilos>2 or who=carol")
        for record in found["records"]:
            attributes = " ".join(f"{each['name']}={each['value']}"
                                  for each in record["attributes"])
            self.tell.field(graphs.payload_of(record), attributes)
        expect("what the search found", sorted(map(graphs.payload_of, found["records"])),
               ["map", "tent"])

    def cut_a_host_off(self) -> None:
        self.tell.chapter("Dave is cut off, and everybody goes on")
        if self.network.kind != "namespaces":
            self.tell.say("(Left out on loopback, where nothing can be cut.)")
            return
        dave = self.nodes["dave"]
        dave.host.run("ip", "link", "set", "eth0", "down")
        self.tell.field("dave", "eth0 is down")
        self.update_record("alice", self.records["tent"], "tent, the large one")
        self.update_record("dave", self.records["tent"], "tent, the small one")
        self.update_record("bob", self.records["stove"], "stove and gas")
        self.tell.command("dave", f"kith record delete {self.records['map']}")
        dave.ask("record", "delete", self.records["map"])
        self.add_record("carol", "item", "sun cream")
        self.add_record("dave", "item", "guitar")
        time.sleep(CUT_SECONDS)
        expect("that the databases differ", len(graphs.digests(GRAPH, self.members())) > 1, True)
        self.tell.verified("dave's database is another one than that of the others now")
        dave.host.run("ip", "link", "set", "eth0", "up")
        self.network.readdress(dave.host)
        self.tell.field("dave", "eth0 is up again")
        seconds = graphs.wait_equal(GRAPH, self.members(), HEALED_SECONDS)
        contents = self.contents("dave")
        for payload in contents:
            self.tell.field("record", payload)
        for host in ("alice", "bob", "carol"):
            expect(f"the records of {host}", self.contents(host), contents)
        tent = next((text for text in contents if text.startswith("tent")), "tent")
        expect("the records", contents, sorted(["guitar", "stove and gas", "sun cream", tent]))
        expect("that one of the two tents won", tent in ("tent, the large one",
                                                         "tent, the small one"), True)
        self.tell.verified(f"all four databases are equal again, {seconds:.1f} s after the link "
                           "came back; of the two changes to the tent every host picked the same")

    def close(self) -> None:
        for node in self.nodes.values():
            node.kill()


def expect(what: str, found, wanted) -> None:
    if found != wanted:
        raise nodes.NodeError(f"{what} should be {wanted!r} and is {found!r}")


def make_network(tell: Storyteller, loopback: bool):
    if not loopback:
        try:
            net.enter_private_world(WEATHER)
            return net.TwoLinks(weather=WEATHER)
        except (net.NoNamespaces, subprocess.SubprocessError) as refusal:
            tell.say(f"This machine makes no network namespaces ({refusal}): the hosts are loopback"
                     " addresses instead, and the two links are one.")
    return net.Loopback()


def time_is_up() -> None:
    """The one way out of a story that hangs: says so and lets the kernel end the nodes."""
    print(f"\ndemo: FAILED: the story was not over after {STORY_SECONDS} s", file=sys.stderr)
    os._exit(1)


def stop_on_signal(number, _frame) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)


def main() -> int:
    arguments = argparse.ArgumentParser(prog="demo", description=__doc__.split("\n\n")[0])
    arguments.add_argument("--once", action="store_true", help="without pauses for a reader")
    arguments.add_argument("--loopback", action="store_true", help="do not make namespaces")
    arguments.add_argument("--keep", action="store_true", help="keep the data and the logs")
    arguments.add_argument("--programs", help="the folder of kith and kithd")
    given = arguments.parse_args()

    programs = nodes.find_programs(given.programs)
    if not programs:
        print("demo: kith and kithd are not built", file=sys.stderr)
        return 1
    tell = Storyteller(0 if given.once else 1.5)
    signal.signal(signal.SIGTERM, stop_on_signal)
    network = make_network(tell, given.loopback)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kith-demo-"))
    alarm = threading.Timer(STORY_SECONDS, time_is_up)
    alarm.daemon = True
    alarm.start()
    demo = Demo(network, folder, programs, tell)
    try:
        demo.run()
    except (nodes.NodeError, net.NoNamespaces, LookupError, OSError,
            subprocess.SubprocessError) as failure:
        what = f"no {failure} in the document" if isinstance(failure, KeyError) else failure
        print(f"\ndemo: FAILED in part {tell.chapters}: {what}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
        return 130
    finally:
        alarm.cancel()
        demo.close()
        if given.keep:
            print(f"data and logs: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"\nDone in {time.monotonic() - tell.started:.0f} s. Try it yourself: docs/cli.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
