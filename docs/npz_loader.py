"""Run a model that `model.export("model.npz", format="npz")` wrote. NumPy is all this needs.

python npz_loader.py model.npz rows.csv        or        predict = load("model.npz"); predict(x)
"""

import json
import math
import sys

import numpy as np

_erf = np.vectorize(math.erf, otypes=["float32"])


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


ACTIVATIONS = {
    "linear": lambda x: x, "relu": lambda x: np.maximum(x, 0), "sigmoid": sigmoid,
    "tanh": np.tanh, "softmax": softmax, "elu": elu, "silu": lambda x: x * sigmoid(x),
    "selu": lambda x: 1.05070098 * elu(x, 1.67326324), "softplus": lambda x: np.logaddexp(x, 0),
    "softsign": lambda x: x / (1 + abs(x)), "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "exponential": np.exp, "gelu": lambda x: x * 0.5 * (1 + _erf(x / math.sqrt(2))),
}  # fmt: skip


def spread(w, x, axes):
    return w.reshape([n if a in axes else 1 for a, n in enumerate(x.shape)])


def standardize(s, w, x):
    axes = [a % x.ndim for a in np.atleast_1d(s["axis"])]
    own = s["kind"] == "LayerNormalization"
    mean = x.mean(tuple(axes), keepdims=True) if own else spread(w["moving_mean"], x, axes)
    var = x.var(tuple(axes), keepdims=True) if own else spread(w["moving_variance"], x, axes)
    y = (x - mean) / np.sqrt(var + s["epsilon"])
    y = y * spread(w["gamma"], x, axes) if "gamma" in w else y
    return y + spread(w["beta"], x, axes) if "beta" in w else y


KINDS = {
    "Dense": lambda s, w, x: ACTIVATIONS[s["activation"]](x @ w["kernel"] + w.get("bias", 0)),
    "Activation": lambda s, w, x: ACTIVATIONS[s["activation"]](x),
    "ReLU": lambda s, w, x: np.maximum(x, 0), "ELU": lambda s, w, x: elu(x, s["alpha"]),
    "LeakyReLU": lambda s, w, x: np.where(x > 0, x, s["negative_slope"] * x),
    "Softmax": lambda s, w, x: softmax(x, s["axis"]),
    "BatchNormalization": standardize, "LayerNormalization": standardize,
    "Normalization": lambda s, w, x: (x - w["mean"]) / np.maximum(np.sqrt(w["variance"]), 1e-7),
    "Rescaling": lambda s, w, x: x * np.array(s["scale"]) + np.array(s["offset"]),
    "Embedding": lambda s, w, x: w["embeddings"][x.astype(int)],
    "Flatten": lambda s, w, x: x.reshape(len(x), -1),
    "Reshape": lambda s, w, x: x.reshape(len(x), *s["target_shape"]),
    "Concatenate": lambda s, w, *xs: np.concatenate(xs, s["axis"]),
    "Add": lambda s, w, *xs: sum(xs), "Average": lambda s, w, *xs: sum(xs) / len(xs),
    "Subtract": lambda s, w, a, b: a - b, "Multiply": lambda s, w, *xs: math.prod(xs),
    "Maximum": lambda s, w, *xs: np.maximum.reduce(xs),
    "Minimum": lambda s, w, *xs: np.minimum.reduce(xs),
}  # fmt: skip


def load(path):
    file = np.load(path, allow_pickle=False)
    model = json.loads(file["model.json"].tobytes())

    def predict(*inputs):
        values = {k: np.asarray(v) for k, v in zip(model["inputs"], inputs, strict=True)}
        for s in model["steps"]:
            w = {name: file[f"{s['output']}.{name}"] for name in s["weights"]}
            run = KINDS.get(s["kind"], lambda s, w, x: x)  # what only training uses does nothing
            values[s["output"]] = run(s, w, *(values[name] for name in s["inputs"]))
        outputs = [values[name] for name in model["outputs"]]
        return outputs[0] if len(outputs) == 1 else outputs

    return predict


if __name__ == "__main__":
    rows = np.loadtxt(sys.argv[2], delimiter=",", ndmin=2, dtype="float32")
    np.savetxt(sys.stdout, load(sys.argv[1])(rows), "%.9g", delimiter=",")
