"""The laws that every type of medialog obeys, for `Graph`. `pytest test_graph.py`: nothing else is needed."""

from __future__ import annotations

import networkx
import numpy as np
from medialog_graph import Graph

import medialog
from medialog.testing import assert_logged
from medialog.testing.laws import TypeLaws, call


class TestGraph(TypeLaws):
    type = Graph
    valid = {
        "no edges": lambda: call([]),
        "pairs": lambda: call([("a", "b"), ("b", "c")]),
        "weights": lambda: call([("a", "b", 0.5), ("b", "a", -2)], caption="two"),
        "lonely nodes": lambda: call([("a", "b")], nodes=["z", "a"]),
        "numbered nodes": lambda: call([(1, 2), (2, 3)]),
        "a directed networkx graph": lambda: call(networkx.DiGraph([("a", "b"), ("b", "c")])),
    }
    invalid = {
        "a text": (lambda: call("a-b"), {"graph.edges"}),
        "a number": (lambda: call(3), {"graph.edges"}),
        "one node": (lambda: call([("a",)]), {"graph.edges"}),
        "an infinite weight": (lambda: call([("a", "b", np.inf)]), {"graph.weight"}),
        "a text as weight": (lambda: call([("a", "b", "heavy")]), {"graph.weight"}),
        "1 and '1'": (lambda: call([(1, "1")]), {"graph.nodes"}),
        "a caption that is a number": (lambda: call([], caption=3), {"caption.text"}),
    }
    spellings = {
        "edges": [
            lambda: call([("a", "b", 1)]),
            lambda: call(iter([["a", "b"]])),
            lambda: call([("a", "b", np.float32(1))]),
            lambda: call(networkx.Graph([("a", "b")])),
        ],
    }


def test_networkx_graphs_are_logged_as_they_are(medialog_run: medialog.Run) -> None:
    graph = networkx.DiGraph([("data", "model"), ("model", "loss")])

    medialog_run.log({"graph": graph, "graphs": [graph, graph]})

    stored = assert_logged("graph", Graph)
    assert networkx.utils.graphs_equal(stored.to_networkx(), Graph(graph).to_networkx())
    assert_logged("graphs", Graph, count=2)
