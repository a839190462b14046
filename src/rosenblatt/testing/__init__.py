"""Tests for parts of your own: a layer, loss, metric, optimizer, callback or oracle by a row.

>>> import numpy as np, rosenblatt as rb
>>> from rosenblatt import testing
>>> class Double(rb.layers.Layer):
...     row_independent = True
...     def call(self, inputs):
...         return 2 * inputs
>>> for check in testing.layer_checks(Double, np.ones((5, 3), "float32")):
...     check()
"""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "check": "Check",
        "layers": "layer_checks",
        "losses": "loss_checks",
        "metrics": "metric_checks",
        "optimizers": "optimizer_checks",
        "callbacks": "callback_checks",
        "oracles": "oracle_checks",
    },
)
