"""NIR's graphs, those within graphs too, as populations and the ways between them."""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Set, Tuple

import numpy as np

from .._support import checks

_NEURONS = ("CubaLIF", "CubaLI")
#: What passes spikes on as they are: channels stay in their order. Input and Output do so in graphs within the graph.
PLAIN = ("Flatten", "Identity", "Input", "Output")
_PASSING = ("Linear", "Affine", "Scale", "Delay", *PLAIN)
_REFUSED = {
    "LIF": "it has no synaptic current; CubaLIF has",
    "LI": "it has no synaptic current; CubaLI has",
    "IF": "its membrane does not leak; CubaLIF's does",
    "I": "its membrane does not leak; CubaLI's does",
    "Threshold": "spikes come from CubaLIF alone",
    "Conv1d": "write its weights as a Linear",
    "Conv2d": "write its weights as a Linear",
    "SumPool2d": "write it as a Linear",
    "AvgPool2d": "write it as a Linear",
}
#: A node by its name.
Named = Tuple[str, Any]


class Way(NamedTuple):
    """What leads from one population to another: the nodes between, in order."""

    source: str
    target: str
    nodes: List[Named]


class Graph:
    """A graph without graphs in it. Checked: every node is one that we run, leads somewhere and is reached from the input."""

    def __init__(self, graph: Any) -> None:
        self.nodes: Dict[str, Any] = {}
        self._after: Dict[str, List[str]] = {}
        self._inner_ends: Set[str] = set()
        self._take(graph, "", [])
        self.input = self._only("Input")
        self.output = self._only("Output")
        self.neurons = sorted((name for name in self.nodes if self._kind(name) in _NEURONS), key=_natural)
        if not self.neurons:
            raise ValueError("the graph has no neurons; it must have a CubaLIF or CubaLI")

    def ways(self) -> List[Way]:
        """From the input and all neurons, to neurons and the output."""
        found = [way for source in (self.input, *self.neurons) for way in self._from(source)]
        used = {name for way in found for name in (way.source, way.target, *(name for name, _ in way.nodes))}
        for name in self.nodes:
            if name not in used:
                raise ValueError(f"node {name!r} lies on no way from the input or neurons to others; connect it or leave it out")
        return found

    def _kind(self, name: str) -> str:
        return type(self.nodes[name]).__name__

    def _only(self, kind: str) -> str:
        names = [name for name in self.nodes if self._kind(name) == kind and name not in self._inner_ends]
        if len(names) != 1:
            raise ValueError(f"the graph has {len(names)} {kind} nodes {checks.shown(names)}; it must have 1")
        return names[0]

    def _take(self, graph: Any, prefix: str, within: List[Any]) -> None:
        """Takes a graph's nodes and edges; the ends of one within others just pass on."""
        if any(graph is outer for outer in within):
            raise ValueError(f"{_where(prefix)} holds itself, which no network does")
        if not isinstance(graph.nodes, dict) or not all(isinstance(name, str) for name in graph.nodes):
            raise ValueError(f"nodes of {_where(prefix)} are {checks.shown(graph.nodes)}; they must be a dict by name")
        inner: Dict[str, Tuple[str, str]] = {}
        for name, node in graph.nodes.items():
            full, kind = prefix + name, type(node).__name__
            if kind == "NIRGraph":
                self._take(node, full + ".", [*within, graph])
                inner[name] = self._ends(node, full)
                continue
            if kind not in (*_NEURONS, *_PASSING):
                raise ValueError(f"node {full!r} is {kind}, which we cannot run{': ' * (kind in _REFUSED)}{_REFUSED.get(kind, '')}")
            if full in self.nodes:
                raise ValueError(f"two nodes have the name {full!r}; rename one")
            self.nodes[full] = node
            self._after[full] = []
            if prefix and kind in ("Input", "Output"):
                self._inner_ends.add(full)
        if not isinstance(graph.edges, (list, tuple)):
            raise ValueError(f"edges of {_where(prefix)} are {checks.shown(graph.edges)}; they must be a list of pairs of names")
        seen: Set[Tuple[str, str]] = set()
        for edge in graph.edges:
            source, target = self._edge(edge, graph, prefix)
            if (source, target) in seen:
                raise ValueError(f"the edge from {source!r} to {target!r} of {_where(prefix)} is there twice; leave one out")
            seen.add((source, target))
            leaving = inner[source][1] if source in inner else prefix + source
            self._after[leaving].append(inner[target][0] if target in inner else prefix + target)

    @staticmethod
    def _edge(edge: Any, graph: Any, prefix: str) -> Tuple[str, str]:
        is_pair = isinstance(edge, (tuple, list)) and len(edge) == 2
        if not is_pair or not all(isinstance(end, str) for end in edge):
            raise ValueError(f"an edge of {_where(prefix)} is {checks.shown(edge)}; it must be a pair of names")
        for end in edge:
            if end not in graph.nodes:
                raise ValueError(f"the edge {tuple(edge)!r} of {_where(prefix)} has {end!r}, and there is no such node")
        return edge[0], edge[1]

    @staticmethod
    def _ends(graph: Any, name: str) -> Tuple[str, str]:
        """Where a graph within another is entered and left."""
        found = []
        for kind in ("Input", "Output"):
            names = [own for own, node in graph.nodes.items() if type(node).__name__ == kind]
            if len(names) != 1:
                raise ValueError(f"graph {name!r} has {len(names)} {kind} nodes; within another it must have 1")
            found.append(f"{name}.{names[0]}")
        return found[0], found[1]

    def _from(self, source: str) -> List[Way]:
        """The ways from a population, of which at most one passes each node."""
        ways: List[Way] = []
        reached: Set[str] = set()
        open_ways: List[Way] = [Way(source, each, []) for each in self._after[source]]
        while open_ways:
            _, name, before = open_ways.pop()
            if name in reached:
                raise ValueError(
                    f"two ways lead from {source!r} to {name!r}, or one in a circle without neurons; put the weights of both in one Linear"
                )
            reached.add(name)
            if self._kind(name) in _NEURONS or name == self.output:
                ways.append(Way(source, name, before))
                continue
            if name == self.input:
                raise ValueError(f"an edge leads from {source!r} back to the input {name!r}; leave it out")
            if not self._after[name]:
                raise ValueError(f"node {name!r} leads nowhere; connect it or leave it out")
            nodes = [*before, (name, self.nodes[name])]
            open_ways += [Way(source, each, nodes) for each in self._after[name]]
        return ways


def ordered(neurons: List[str], edges: Set[Tuple[str, str]], last: str) -> List[str]:
    """Neurons so that each comes after those it hears from, by name where that leaves a choice, and `last` last.

    Raises
    ------
    ValueError
        If there is no such order: a feedback from a later layer, or one that hears from the last.
    """
    waiting = {name: {a for a, b in edges if b == name and a != name} & set(neurons) for name in neurons}
    found: List[str] = []
    while waiting:
        free = [name for name, sources in waiting.items() if not sources and (name != last or len(waiting) == 1)]
        if not free:
            if not waiting.get(last, {last}):
                other = min(set(waiting) - {last})
                raise ValueError(f"{last!r} leads to the output and to {other!r}, too; the last layer leads to nothing else")
            raise ValueError(f"neurons {checks.shown(sorted(waiting, key=_natural))} feed back to earlier ones; only a layer itself may be in a circle")
        name = free[0]
        del waiting[name]
        found.append(name)
        for sources in waiting.values():
            sources.discard(name)
    return found


def _natural(name: str) -> List[Tuple[int, str]]:
    """A key by which layer_2 comes before layer_10, whatever order a file has them in."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d{1,18})", name)]


def _where(prefix: str) -> str:
    return f"graph {prefix[:-1]!r}" if prefix else "the graph"


def n_channels(node: Any, name: str, kind: str) -> int:
    """How many channels an Input or Output has, of whatever shape; 0 where it does not say."""
    types = getattr(node, f"{kind}_type", None)
    shape = types.get(kind) if isinstance(types, dict) else None
    if shape is None:
        return 0
    sizes = np.asarray(shape).reshape(-1)
    if sizes.dtype.kind not in "iu" or not len(sizes) or (sizes < 1).any():
        raise ValueError(f"the shape of node {name!r} is {checks.shown(shape)}; it must be whole numbers >= 1")
    n = 1
    for size in sizes.tolist():
        n *= size
    return n
