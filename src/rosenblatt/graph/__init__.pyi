# Written by tools/stubs.py.

from rosenblatt.graph.config import graph_from_config as graph_from_config
from rosenblatt.graph.config import graph_to_config as graph_to_config
from rosenblatt.graph.graph import Graph as Graph
from rosenblatt.graph.picture import text_diagram as text_diagram
from rosenblatt.graph.summary import print_summary as print_summary
from rosenblatt.graph.summary import summary_html as summary_html
