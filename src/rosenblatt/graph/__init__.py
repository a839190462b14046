"""Graphs of layers: which layers lie between inputs and outputs, and in what order they run."""

from rosenblatt.graph.graph import Graph
from rosenblatt.graph.host import Prepared

__all__ = ["Graph", "Prepared"]
