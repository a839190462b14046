# Written by tools/stubs.py.

from rosenblatt.logic.compiling import from_formula as from_formula
from rosenblatt.logic.given import and_ as and_
from rosenblatt.logic.given import and_not as and_not
from rosenblatt.logic.given import identity as identity
from rosenblatt.logic.given import not_ as not_
from rosenblatt.logic.given import or_ as or_
from rosenblatt.logic.given import xor as xor
from rosenblatt.logic.network import Connection as Connection
from rosenblatt.logic.network import Network as Network
from rosenblatt.logic.network import Neuron as Neuron
from rosenblatt.logic.table import TruthTable as TruthTable
