# Written by tools/stubs.py.

from rosenblatt.layers.preprocessing.discretization import Discretization as Discretization
from rosenblatt.layers.preprocessing.encoding import CategoryEncoding as CategoryEncoding
from rosenblatt.layers.preprocessing.hashing import HashedCrossing as HashedCrossing
from rosenblatt.layers.preprocessing.hashing import Hashing as Hashing
from rosenblatt.layers.preprocessing.host import HostLayer as HostLayer
from rosenblatt.layers.preprocessing.integer_lookup import IntegerLookup as IntegerLookup
from rosenblatt.layers.preprocessing.normalization import Normalization as Normalization
from rosenblatt.layers.preprocessing.pipeline import Pipeline as Pipeline
from rosenblatt.layers.preprocessing.rescaling import Rescaling as Rescaling
from rosenblatt.layers.preprocessing.string_lookup import StringLookup as StringLookup
