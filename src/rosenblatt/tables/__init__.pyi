# Written by tools/stubs.py.

from rosenblatt.tables import parsing as parsing
