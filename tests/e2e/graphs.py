"""Graphs of real `kithd` processes: what the tests, the demo and the torture do with them."""
import base64
import time

from nodes import Node, NodeError, eventually


def graph_endpoint(node: Node, graph: str) -> str:
    """Where a node listens for the graph."""
    listening = node.ask("graph", "status", graph)["listen"]
    if not listening:
        raise NodeError(f"{node.host.name} does not listen for {graph}")
    address, port = listening[0].rsplit(":", 1)
    return node.host.endpoint(int(port)) if address in ("[::]", "0.0.0.0") else listening[0]


def found(node: Node, graph: str, *options: str) -> dict:
    return node.ask("graph", "create", graph, *options)


def join(node: Node, graph: str, member: Node, *options: str) -> dict:
    """Takes part through a member; synchronized when it returns."""
    node.ask("graph", "open", graph, *options)
    joined = node.ask("graph", "connect", graph, "--to", graph_endpoint(member, graph))
    if not joined["synchronized"]:
        raise NodeError(f"{node.host.name} is not synchronized in {graph}: {joined}")
    return joined


def share(graph: str, nodes: list[Node], *options: str) -> None:
    """The first founds the graph, the others join through it."""
    found(nodes[0], graph, *options)
    for node in nodes[1:]:
        join(node, graph, nodes[0], *options)


def add(node: Node, graph: str, record_type: str, payload: str, *options: str) -> dict:
    file = node.data.parent / f"{node.host.name}-payload"
    file.write_text(payload, encoding="utf-8")
    return node.ask("record", "add", graph, "--type", record_type, *options, file)


def payload_of(record: dict) -> str:
    return base64.b64decode(record["payload_base64"]).decode()


def records(node: Node, graph: str, *options: str) -> dict[str, dict]:
    """By id."""
    listed = node.ask("record", "list", graph, "--limit", "100000", *options)
    return {record["id"]: record for record in listed["records"]}


def digests(graph: str, nodes: list[Node]) -> set[str]:
    return {node.ask("graph", "digest", graph)["digest"] for node in nodes}


def wait_equal(graph: str, nodes: list[Node], seconds: float = 30) -> float:
    """Until all databases are equal; how long that took."""
    started = time.monotonic()
    try:
        eventually(f"the databases of {graph} are equal", lambda: len(digests(graph, nodes)) == 1,
                   seconds)
    except NodeError as failure:
        found = "; ".join(_described(node, graph) for node in nodes)
        raise NodeError(f"{failure}: {found}") from failure
    return time.monotonic() - started


def _described(node: Node, graph: str) -> str:
    status = node.ask("graph", "status", graph)
    digest = node.ask("graph", "digest", graph)
    return (f"{node.host.name} {digest['digest'][:8]}, "
            f"{status['neighbours']} neighbours of {status['nodes']} nodes")
