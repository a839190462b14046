"""Rank 8: pictures, drawn with matplotlib on `Axes` that you can go on with.

matplotlib is imported when a picture is drawn, not before.
"""

from rosenblatt.plots.activations import (
    activation_functions,
    activation_gallery,
    activation_table,
)
from rosenblatt.plots.curves import learning_curves
from rosenblatt.plots.decision import decision_boundary, weight_path
from rosenblatt.plots.figures import save_figure
from rosenblatt.plots.images import image_grid
from rosenblatt.plots.logic import logic_network
from rosenblatt.plots.models import model_graph
from rosenblatt.plots.weights import network_weights

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
