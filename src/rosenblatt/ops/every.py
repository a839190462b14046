"""All ops in one table: who imports this module defines them all."""

from rosenblatt.ops import (  # noqa: F401
    algebra,
    control,
    elementwise,
    making,
    networks,
    nonlinear,
    products,
    rearranging,
    reductions,
    shaping,
    sorting,
    special,
)
from rosenblatt.ops.define import TABLES

TABLE = {name: function for table in TABLES.values() for name, function in table.items()}
