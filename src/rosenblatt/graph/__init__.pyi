# Written by tools/stubs.py.

from rosenblatt.graph.graph import Graph as Graph
from rosenblatt.graph.host import Prepared as Prepared
