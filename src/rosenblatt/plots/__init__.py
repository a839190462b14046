"""Rank 8: pictures, drawn with matplotlib on `Axes` that you can draw on further.

matplotlib is imported when a picture is drawn, not before.
"""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "activations": "activation_functions activation_gallery activation_table",
        "curves": "learning_curves",
        "decision": "decision_boundary weight_path",
        "figures": "save_figure",
        "images": "image_grid",
        "logic": "logic_network",
        "models": "model_graph",
        "weights": "network_weights",
    },
)
