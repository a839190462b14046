"""Serve the housing network with Keras or PyTorch, by the framework that serves ours.

python -m bench.children.serve LIBRARY DATA.npz MODEL.npz

An application as one would write it by hand: one row or many as JSON, and no checks. The network is
called where the request is read, which is faster for so small a one than another thread.
Prints its port when the network has answered once.
"""

from __future__ import annotations

import importlib
import json
import socket
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.networks import NETWORKS
from rosenblatt.datasets.california_housing import FEATURE_NAMES


def main(library: str, data: str, weights: str) -> None:
    """Serve until the process is ended."""
    with np.load(data) as arrays:
        x = arrays["x_train"]
    with np.load(weights) as arrays:
        held = [arrays[name] for name in arrays.files]
    predict = (_torch if library == "torch" else _keras)(x, held)
    for _ in range(3):
        predict(x[:1])

    async def answer(request: Request) -> Response:
        rows = json.loads(await request.body())
        given = np.array([[row[name] for name in FEATURE_NAMES] for row in rows], np.float32)
        found = [{"prediction": value} for value in predict(given)[:, 0].tolist()]
        return Response(json.dumps({"predictions": found}), media_type="application/json")

    app = Starlette(routes=[Route("/predict", answer, methods=["POST"])])
    # As uvicorn opens its own: only for a socket that says it is TCP does asyncio turn Nagle's
    # algorithm off, which makes each answer wait for 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    print(bound.getsockname()[1], flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[bound])


def _keras(x: np.ndarray, weights: list[np.ndarray]) -> Callable[[np.ndarray], Any]:
    """Its compiled prediction of a batch."""
    model = NETWORKS["housing"](importlib.import_module("keras"), x)
    model.set_weights(weights)
    return lambda rows: np.asarray(model.predict_on_batch(rows))


def _torch(x: np.ndarray, weights: list[np.ndarray]) -> Callable[[np.ndarray], Any]:
    """The module itself."""
    torch: Any = importlib.import_module("torch")
    nn = torch.nn
    mean, std = torch.from_numpy(x.mean(0)), torch.from_numpy(x.std(0))
    sizes = [(8, 50), (50, 50), (50, 50)]
    hidden = [part for size in sizes for part in (nn.Linear(*size), nn.ReLU())]
    body = nn.Sequential(*hidden, nn.Linear(50, 1))
    # Behind the mean, the variance and the count of the normalization.
    for parameter, value in zip(body.parameters(), weights[3:], strict=True):
        parameter.data = torch.from_numpy(np.ascontiguousarray(value.T))

    def predict(rows: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return np.asarray(body((torch.from_numpy(rows) - mean) / std).numpy())

    return predict


if __name__ == "__main__":
    main(*sys.argv[1:])
