"""Graph: nodes with names and weighted edges, as a type of medialog in a package of its own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from msgspec import UNSET, Meta, UnsetType

from medialog.datatypes.base import Caption, Changes, DataType, FileModel, file_fields
from medialog.datatypes.files import Sink, Source, read_reference
from medialog.validators import checks
from medialog.validators.errors import DamagedFile, InvalidInput, Violation
from medialog.validators.rules import Rules, Strictness
from medialog.wire import jsontext
from medialog.wire.fileref import FileRef


class GraphDescriptor(FileModel, tag="graph-file"):
    """The wire form. The file is JSON: `{"nodes": ["a", "b"], "edges": [[0, 1, 0.5]]}`, edges as indices and weight."""

    format: Literal["graph.json"]
    nodes: Annotated[int, Meta(ge=0, description="how many nodes there are")]
    edges: Annotated[int, Meta(ge=0, description="how many edges there are")]
    directed: bool
    lossless: bool
    caption: Caption | UnsetType = UNSET
    changes: Changes | UnsetType = UNSET


class Graph(DataType, kind="graph-file"):
    """A graph: `Graph([("a", "b"), ("b", "c", 0.5)])` or `Graph(a_networkx_graph)`.

    `edges`: pairs of nodes, or triples with a weight (1 by default), or a networkx graph. `nodes`: names that come
    first, for nodes without an edge. Node names that are no text are stored as their `str`, which is recorded.
    Raises `InvalidInput`, `WrongType`.
    """

    Descriptor = GraphDescriptor
    documented_rules = {
        "graph.edges": "an edge is (node, node) or (node, node, weight)",
        "graph.weight": "a weight is a finite number",
        "graph.nodes": "two nodes have different names",
        "graph.descriptor": "a graph without nodes has no edges",
    }
    documented_changes = {"graph.names": "names of nodes that were no text, stored as text"}

    def __init__(
        self,
        edges: Any,
        nodes: Iterable[Any] = (),
        directed: bool | None = None,
        caption: str | None = None,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> None:
        log = self._begin(limits, strict, caption)
        if hasattr(edges, "is_directed"):  # networkx, which needs no import to be read
            directed = edges.is_directed() if directed is None else directed
            nodes, edges = (*nodes, *edges.nodes), list(edges.edges(data="weight", default=1))
        self.directed = bool(directed)
        if isinstance(edges, (str, bytes, Mapping)) or not isinstance(edges, Iterable):
            raise checks.wrong_type("Graph", "graph.edges", "a list of edges, or a networkx graph", edges)
        triples = [self._read_edge(edge, f"edges[{index}]") for index, edge in enumerate(edges)]
        found = dict.fromkeys([*nodes, *(node for edge in triples for node in edge[:2])])
        self.nodes = [str(node) for node in found]
        if len(set(self.nodes)) < len(self.nodes):
            twice = next(name for name in self.nodes if self.nodes.count(name) > 1)
            raise InvalidInput(Violation("nodes", "graph.nodes", "nodes of different names", f"two {twice!r}"))
        renamed = sum(not isinstance(node, str) for node in found)
        if renamed:
            log.record("graph.names", "names of nodes stored as text", renamed)
        index = {node: number for number, node in enumerate(found)}
        self.edges = [(index[one], index[other], weight) for one, other, weight in triples]

    @staticmethod
    def _read_edge(edge: Any, at: str) -> tuple[Any, Any, float]:
        if not isinstance(edge, (list, tuple)) or len(edge) not in (2, 3):
            raise InvalidInput(Violation(at, "graph.edges", "(node, node) or (node, node, weight)", checks.show(edge)))
        weight = checks.real_number(edge[2]) if len(edge) == 3 else 1.0
        if weight is None or not math.isfinite(weight):
            raise InvalidInput(Violation(at, "graph.weight", "a finite number", checks.show(edge[2])))
        return edge[0], edge[1], float(weight)

    def to_networkx(self) -> Any:
        """Return the graph as networkx has it."""
        import networkx

        graph = networkx.DiGraph() if self.directed else networkx.Graph()
        graph.add_nodes_from(self.nodes)
        graph.add_weighted_edges_from((self.nodes[one], self.nodes[other], weight) for one, other, weight in self.edges)
        return graph

    def build(self, sink: Sink) -> GraphDescriptor:
        """Write the file and return the descriptor."""
        content = jsontext.dumps({"nodes": self.nodes, "edges": self.edges})
        return GraphDescriptor(
            **file_fields(sink.write("graph.json", content)),
            format="graph.json",
            nodes=len(self.nodes),
            edges=len(self.edges),
            directed=self.directed,
            lossless=True,
            **self._common(),
        )

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the graph of a descriptor."""
        model: GraphDescriptor = cls.read_model(descriptor)
        self = cls.restore(model.caption, model.changes)
        self.directed = model.directed
        data = read_reference(source, FileRef(model.path, model.sha256, model.size))
        try:
            document = jsontext.loads(data)
            self.nodes = [str(name) for name in document["nodes"]]
            self.edges = [(int(one), int(other), float(weight)) for one, other, weight in document["edges"]]
        except (ValueError, TypeError, LookupError) as error:
            raise DamagedFile(f"{model.path}: not a graph: {error!s:.100}") from error
        return self

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield what the schema cannot say: rules across fields."""
        if descriptor["edges"] and not descriptor["nodes"]:
            yield Violation("$.edges", "graph.descriptor", "0 without nodes", f"{descriptor['edges']}")

    def describe(self) -> str:
        """Return the facts that `repr` shows."""
        return f"{len(self.nodes)} nodes, {len(self.edges)} edges{', directed' * self.directed}"
