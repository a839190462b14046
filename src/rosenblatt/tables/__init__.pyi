# Written by tools/stubs.py.

from rosenblatt.tables import parsing as parsing
from rosenblatt.tables.reading import read as read
from rosenblatt.tables.table import Column as Column
from rosenblatt.tables.table import NumberColumn as NumberColumn
from rosenblatt.tables.table import Table as Table
from rosenblatt.tables.table import TextColumn as TextColumn
from rosenblatt.tables.table import TimeColumn as TimeColumn
