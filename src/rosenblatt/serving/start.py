"""Starting a server; what it needs of other libraries is imported when it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rosenblatt.core.errors import require
from rosenblatt.core.faces import on_use
from rosenblatt.core.types import PathLike
from rosenblatt.models.model import Model
from rosenblatt.serving.limits import Limits

if TYPE_CHECKING:
    from rosenblatt.serving import asgi, server
    from rosenblatt.tabular.estimators import TabularModel
else:
    asgi = on_use("rosenblatt.serving.asgi")
    server = on_use("rosenblatt.serving.server")

PORT = 8000
LOOPBACK = "127.0.0.1"


def application(model: PathLike | Model | TabularModel, limits: Limits | None = None) -> Any:
    """A model as an ASGI application, for any server of such: uvicorn, gunicorn, hypercorn.

    The model is loaded and its programs are compiled when the server starts, in the process that
    serves, not in this call: so the call may stand in a module that a parent imports before it
    forks its workers.

    Args:
        model: the folder of `rosenblatt train`, a `.keras` file, or a trained model itself.
        limits: of requests; those of `Limits()` if None.

    Returns:
        A Starlette application with the routes `/`, `/predict`, `/schema`, `/health` and
        `/version`.

    Raises:
        MissingPackage: starlette is not installed.
        ValueError: no such model, when the server starts.

    >>> from rosenblatt import serving
    >>> app = serving.application("run")
    >>> sorted(route.path for route in app.routes)
    ['/', '/health', '/predict', '/schema', '/version']
    """
    require("starlette", "rosenblatt[serve]", "serving.application")
    return asgi.application(model, limits or Limits())


def serve(
    model: PathLike | Model | TabularModel,
    port: int = PORT,
    host: str = LOOPBACK,
    limits: Limits | None = None,
) -> None:
    """Serve a model over HTTP until Ctrl-C or SIGTERM.

    Args:
        model: the folder of `rosenblatt train`, a `.keras` file, or a trained model itself.
        port: where it listens; 0 for a free one. It is printed when the model is ready.
        host: the address it listens at; only this machine reaches the one it has unless given.
        limits: of requests; those of `Limits()` if None.

    Raises:
        MissingPackage: starlette or uvicorn is not installed.
        ValueError: no such model, or an address that cannot be listened at.
    """
    for package in ("starlette", "uvicorn"):
        require(package, "rosenblatt[serve]", "serving.serve")
    server.serve(model, port, host, limits or Limits())
