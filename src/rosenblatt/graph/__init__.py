"""Graphs of layers: which layers lie between inputs and outputs, and in what order they run."""

from rosenblatt.graph.graph import Graph

__all__ = ["Graph"]
