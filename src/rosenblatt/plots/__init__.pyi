# Written by tools/stubs.py.

from rosenblatt.plots.activations import activation_functions as activation_functions
from rosenblatt.plots.activations import activation_gallery as activation_gallery
from rosenblatt.plots.activations import activation_table as activation_table
from rosenblatt.plots.curves import learning_curves as learning_curves
from rosenblatt.plots.decision import decision_boundary as decision_boundary
from rosenblatt.plots.decision import weight_path as weight_path
from rosenblatt.plots.figures import save_figure as save_figure
from rosenblatt.plots.images import image_grid as image_grid
from rosenblatt.plots.logic import logic_network as logic_network
from rosenblatt.plots.models import model_graph as model_graph
from rosenblatt.plots.weights import network_weights as network_weights
