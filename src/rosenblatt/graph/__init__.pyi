# Written by tools/stubs.py.

from rosenblatt.graph.graph import Graph as Graph
from rosenblatt.graph.host import LookedUp as LookedUp
