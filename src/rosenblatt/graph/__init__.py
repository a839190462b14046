"""Graphs of layers: which layers lie between inputs and outputs, and in what order they run."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "config": "graph_from_config graph_to_config",
        "picture": "text_diagram",
        "graph": "Graph",
        "summary": "print_summary summary_html",
    },
)
