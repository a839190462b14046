# Written by tools/stubs.py.

from rosenblatt.testing.callbacks import callback_checks as callback_checks
from rosenblatt.testing.check import Check as Check
from rosenblatt.testing.layers import layer_checks as layer_checks
from rosenblatt.testing.losses import loss_checks as loss_checks
from rosenblatt.testing.metrics import metric_checks as metric_checks
from rosenblatt.testing.optimizers import optimizer_checks as optimizer_checks
from rosenblatt.testing.oracles import oracle_checks as oracle_checks
