"""A server of one process: a socket, the application, and signals that end it."""

from __future__ import annotations

import gc
import signal
import socket

import uvicorn

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.types import PathLike
from rosenblatt.models.model import Model
from rosenblatt.serving.asgi import application
from rosenblatt.serving.limits import Limits
from rosenblatt.tabular.estimators import TabularModel

_GRACE = 2  # seconds that requests under way have to end, once a signal came


class _Server(uvicorn.Server):
    """A uvicorn server that says when it is ready."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if not self.should_exit and sockets:
            print(f"Ready: {_address(sockets[0])} (Ctrl-C ends it)", flush=True)


def serve(model: PathLike | Model | TabularModel, port: int, host: str, limits: Limits) -> None:
    """Serve a model; see `serving.serve`."""
    with _bound(host, port) as bound:
        app = application(model, limits)
        app.state.service.start()  # before the server, so that an error is raised here
        # What is loaded by now stays: to look through JAX's million objects again and again would
        # hold up all requests for a tenth of a second each time.
        gc.collect()
        gc.freeze()
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
        server = _Server(config)
        # uvicorn raises the signals that it caught again when it has ended, for these.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: setattr(server, "should_exit", True))
        server.run(sockets=[bound])


def _bound(host: str, port: int) -> socket.socket:
    """A socket at an address; nobody is accepted yet.

    Raises:
        ValueError: the address is taken, or is none of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
        except BaseException:
            bound.close()
            raise
        return bound
    except (OSError, OverflowError) as error:
        raise BadArgument(
            "serve: this address cannot be listened at.",
            given=f"{host}:{port}: {getattr(error, 'strerror', None) or error}",
            expected="an address of this machine, and a port that is free; 0 takes any",
        ) from error


def _address(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
