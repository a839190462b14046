"""Run a model that `model.export("model.npz", format="npz")` wrote. NumPy is all this needs.

python npz_loader.py model.npz rows.csv        or        predict = load("model.npz"); predict(x)
"""

import json
import math
import sys

import numpy as np


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def layer_norm(x, axis, epsilon):
    centred = x - x.mean(tuple(axis), keepdims=True)
    return centred / np.sqrt((centred**2).mean(tuple(axis), keepdims=True) + epsilon)


elu = lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))  # noqa: E731
sigmoid, erf = lambda x: 0.5 * (1 + np.tanh(0.5 * x)), np.vectorize(math.erf, ["float32"])
FUNCTIONS = {
    "linear": lambda x: x, "sigmoid": sigmoid, "tanh": np.tanh, "softmax": softmax, "elu": elu,
    "relu": lambda x, a=0, top=None, t=0: np.where(x >= t, x, a * (x - t)).clip(None, top),
    "selu": lambda x: 1.05070098 * elu(x, 1.67326324), "softplus": lambda x: np.logaddexp(x, 0),
    "softsign": lambda x: x / (1 + abs(x)), "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "silu": lambda x: x * sigmoid(x), "gelu": lambda x: x * 0.5 * (1 + erf(x / math.sqrt(2))),
    "exponential": np.exp, "layer_norm": layer_norm, "flatten": lambda x: x.reshape(len(x), -1),
    "reshape": lambda x, *shape: x.reshape(len(x), *shape),
    "concatenate": lambda *xs: np.concatenate(xs[:-1], xs[-1]), "add": lambda *xs: sum(xs),
    "subtract": lambda a, b: a - b, "multiply": lambda *xs: math.prod(xs),
    "average": lambda *xs: sum(xs) / len(xs), "maximum": lambda *xs: np.maximum.reduce(xs),
    "minimum": lambda *xs: np.minimum.reduce(xs), "embedding": lambda x, w: w[x.astype(int)],
    "dense": lambda x, kernel, bias=0: x @ kernel + bias, "crop": lambda x, a, b: x[:, a:b],
    "mean": np.mean, "max": np.max, "pad": np.pad, "repeat": np.repeat,
    "affine": lambda x, shift, scale, offset: (x - shift) * scale + offset,
}  # fmt: skip


def load(path):
    file = np.load(path, allow_pickle=False)
    model = json.loads(file["model.json"].tobytes())

    def predict(*inputs):
        values = {k: np.asarray(v) for k, v in zip(model["inputs"], inputs, strict=True)}
        for step in model["steps"]:
            arguments = [values[n] for n in step["inputs"]] + [file[n] for n in step["weights"]]
            values[step["output"]] = FUNCTIONS[step["function"]](*arguments, *step["settings"])
        outputs = [values[name] for name in model["outputs"]]
        return outputs[0] if len(outputs) == 1 else outputs

    return predict


if __name__ == "__main__":
    rows = np.loadtxt(sys.argv[2], delimiter=",", ndmin=2, dtype="float32")
    np.savetxt(sys.stdout, load(sys.argv[1])(rows), "%.9g", delimiter=",")
