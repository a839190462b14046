# Written by tools/stubs.py.

from rosenblatt.layers.tabular.categories import CategoryIndex as CategoryIndex
from rosenblatt.layers.tabular.categories import TargetMeans as TargetMeans
from rosenblatt.layers.tabular.codes import ColumnEmbedding as ColumnEmbedding
from rosenblatt.layers.tabular.codes import OneHotColumns as OneHotColumns
from rosenblatt.layers.tabular.crosses import CrossIndex as CrossIndex
from rosenblatt.layers.tabular.dropout import HashedDropout as HashedDropout
from rosenblatt.layers.tabular.hashed_words import HashedWords as HashedWords
from rosenblatt.layers.tabular.host import ColumnStack as ColumnStack
from rosenblatt.layers.tabular.members import MemberDense as MemberDense
from rosenblatt.layers.tabular.members import MemberHead as MemberHead
from rosenblatt.layers.tabular.members import MemberInputs as MemberInputs
from rosenblatt.layers.tabular.members import MemberMean as MemberMean
from rosenblatt.layers.tabular.numbers import MissingIndicator as MissingIndicator
from rosenblatt.layers.tabular.numbers import RangeClip as RangeClip
from rosenblatt.layers.tabular.numbers import SmoothClip as SmoothClip
from rosenblatt.layers.tabular.parsing import DateParsing as DateParsing
from rosenblatt.layers.tabular.parsing import NumberParsing as NumberParsing
from rosenblatt.layers.tabular.piecewise import PiecewiseLinearEncoding as PiecewiseLinearEncoding
