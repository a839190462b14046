"""Rank 8: pictures, drawn with matplotlib on `Axes` that you can go on with.

matplotlib is imported when a picture is drawn, not before.
"""

from rosenblatt.plots.activation_functions import (
    activation_functions,
    activation_gallery,
    activation_table,
)
from rosenblatt.plots.curves import learning_curves
from rosenblatt.plots.decision import decision_boundary, weight_path
from rosenblatt.plots.figures import save_figure
from rosenblatt.plots.images import image_grid
from rosenblatt.plots.logic_network import logic_network
from rosenblatt.plots.model_graph import model_graph
from rosenblatt.plots.network_weights import network_weights

__all__ = [
    "activation_functions",
    "activation_gallery",
    "activation_table",
    "decision_boundary",
    "image_grid",
    "learning_curves",
    "logic_network",
    "model_graph",
    "network_weights",
    "save_figure",
    "weight_path",
]
