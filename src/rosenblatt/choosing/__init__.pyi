# Written by tools/stubs.py.

from rosenblatt.choosing.rates import find_learning_rate as find_learning_rate
from rosenblatt.choosing.rates import LearningRateRange as LearningRateRange
from rosenblatt.choosing.reuse import fit_transferred as fit_transferred
from rosenblatt.choosing.reuse import transfer as transfer
from rosenblatt.choosing.reuse import unfreeze as unfreeze
from rosenblatt.choosing.sizes import NetworkSpec as NetworkSpec
from rosenblatt.choosing.sizes import recommend as recommend
from rosenblatt.choosing.stretching import stretch_pants as stretch_pants
from rosenblatt.choosing.stretching import StretchPants as StretchPants
from rosenblatt.choosing.tables import TableSpec as TableSpec
from rosenblatt.choosing.tables import recommend_table as recommend_table
