"""The application: its routes, and the way of a request from its bytes to an answer."""

from __future__ import annotations

import asyncio
import platform
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any

import jax
import numpy as np
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from rosenblatt.core.errors import RosenblattError, nearest
from rosenblatt.core.types import PathLike
from rosenblatt.core.versions import own_version
from rosenblatt.models.model import Model
from rosenblatt.serving.bodies import (
    answer_of,
    as_json,
    json_of,
    kind_of,
    table_of,
    wanted_kind,
)
from rosenblatt.serving.contract import JOINED_ROWS, Ready, Served
from rosenblatt.serving.lanes import Answer, JoiningLane, LoopLane, WorkLane
from rosenblatt.serving.limits import Limits
from rosenblatt.serving.models import fingerprint, is_quick, served, warm
from rosenblatt.serving.refusals import CSV, JSON, Refusal
from rosenblatt.serving.table_columns import Asked
from rosenblatt.tabular.estimators import TabularModel

_SMALL = 16 << 10  # bytes of a body that is read between other requests; a larger one in a thread
_TOLERATED = 3  # slow batches, one after another, of a model that was quick
_NO_CACHE = {"cache-control": "no-store"}
# The page has no file beside it and asks no other server.
_PAGE_MAY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


class Service:
    """A model, the threads that compute with it, and the requests that wait.

    Args:
        source: the model, or where it is.
        limits: of requests.
    """

    def __init__(self, source: PathLike | Model | TabularModel, limits: Limits):
        self._source, self._limits = source, limits
        self._model: Served | None = None
        self._waiting = 0
        self._version: dict[str, Any] = {}
        self._schema: dict[str, Any] = {}

    def start(self) -> None:
        """Load the model and compile its programs; a second call does nothing.

        Raises:
            ValueError: no such model.
        """
        if self._model is not None:
            return
        model = served(self._source)
        self._version = _versions() | {
            "model": {"name": model.name, "fingerprint": fingerprint(self._source)}
        }
        self._schema = {"model": model.name, **model.schema(), "limits": vars(self._limits)}
        warm(model)
        self._joining = JoiningLane(model.answers, model.joins, "rosenblatt-joined")
        self._quick = LoopLane(model.answers, model.joins) if is_quick(model) else None
        self._large = WorkLane("rosenblatt-large")
        self._model = model

    def stop(self) -> None:
        """End the threads."""
        if self._model is not None:
            self._model = None
            self._joining.close()
            self._large.close()

    async def health(self, request: Request) -> Response:
        """Whether predictions are answered."""
        ready = self._model is not None
        found = {"status": "ready" if ready else "starting", "waiting": self._waiting}
        return _json(found, 200 if ready else 503, _NO_CACHE)

    async def version(self, request: Request) -> Response:
        """Of this library and those below it, and which model this is."""
        return _json(self._version)

    async def schema(self, request: Request) -> Response:
        """What the model takes and gives."""
        return _json(self._schema)

    async def page(self, request: Request) -> Response:
        """A page to try the model with."""
        text = resources.files("rosenblatt.serving").joinpath("page.html").read_bytes()
        headers = {"content-security-policy": _PAGE_MAY, "x-content-type-options": "nosniff"}
        return Response(text, media_type="text/html", headers=headers)

    async def predict(self, request: Request) -> Response:
        """Predictions for the rows of a body."""
        if self._model is None:
            raise Refusal(503, "The model is not loaded.", fix="ask again a little later.")
        if self._waiting >= self._limits.waiting:
            raise Refusal(
                503,
                "Too many requests wait.",
                given=f"{self._waiting} before this one",
                expected=f"at most {self._limits.waiting}",
                fix="ask again a little later.",
            )
        self._waiting += 1
        reading = True
        try:
            async with asyncio.timeout(self._limits.seconds):
                given = kind_of(request.headers.get("content-type"))
                kind = wanted_kind(request.headers.get("accept"), given)
                asked = _asked(request.query_params.multi_items())
                body = await self._body(request)
                reading = False
                found = await self._answer(self._model, body, given, kind, asked)
        except TimeoutError:
            status, what = (
                (408, "The body did not come") if reading else (503, "No answer was made")
            )
            raise Refusal(status, f"{what} within {self._limits.seconds:g} seconds.") from None
        finally:
            self._waiting -= 1
        return Response(found, media_type=kind, headers=_NO_CACHE)

    async def _body(self, request: Request) -> bytes:
        """The bytes of a body, read in pieces.

        Raises:
            Refusal: with 413 as soon as there are too many, or are to be.
        """
        if request.headers.get("content-encoding", "identity") != "identity":
            raise Refusal(
                415, "The body is packed.", given=request.headers["content-encoding"],
                fix="send it as it is.",
            )  # fmt: skip
        most = self._limits.bytes
        told = request.headers.get("content-length", "")
        pieces, size = [], int(told) if told.isascii() and told.isdecimal() else 0
        if size <= most:
            size = 0
            async for piece in request.stream():
                size += len(piece)
                if size > most:
                    break
                pieces.append(piece)
        if size > most:
            raise Refusal(
                413, "The body has too many bytes.", given=f"{size:,} or more",
                expected=f"at most {most:,}", fix="send fewer rows at a time.",
            )  # fmt: skip
        return b"".join(pieces)

    async def _answer(
        self, model: Served, body: bytes, given: str, kind: str, asked: Asked
    ) -> bytes:
        def read() -> Ready:
            rows = table_of(body) if given == CSV else json_of(body)
            return model.read(rows, asked, self._limits.rows)

        def whole() -> bytes:
            return answer_of(model.answers([read()])[0], kind)

        if len(body) > _SMALL:
            return await asyncio.wrap_future(self._large.put(whole))
        ready = read()
        if ready.rows > JOINED_ROWS:
            return await asyncio.wrap_future(self._large.put(whole))
        return answer_of(await self._joined(ready), kind)

    def _joined(self, ready: Ready) -> asyncio.Future[Answer]:
        """Have a small request computed: here, unless the model is not, or no longer, quick."""
        if self._quick is not None and self._quick.slow < _TOLERATED:
            return self._quick.put(ready)
        return asyncio.wrap_future(self._joining.put(ready))


def application(source: PathLike | Model | TabularModel, limits: Limits) -> Starlette:
    """The application; see `serving.application`."""
    service = Service(source, limits)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        service.start()
        try:
            yield
        finally:
            service.stop()

    app = Starlette(
        routes=[
            Route("/", service.page),
            Route("/predict", service.predict, methods=["POST"]),
            Route("/schema", service.schema),
            Route("/health", service.health),
            Route("/version", service.version),
        ],
        exception_handlers={
            RosenblattError: _refused,
            HTTPException: _failed,
            ClientDisconnect: _gone,
            Exception: _unforeseen,
        },
        lifespan=lifespan,
    )
    app.state.service = service
    return app


def _asked(settings: list[tuple[str, str]]) -> Asked:
    """What the query of an address asks for.

    Raises:
        Refusal: a setting that does not exist, or is not a number between 0 and 1.
    """
    known = ("interval", "threshold")
    found: dict[str, float] = {}
    for name, text in settings:
        if name not in known:
            raise Refusal(
                422, f"The address asks for {name!r}, which does not exist.", expected=list(known),
                fix=nearest(name, known),
            )  # fmt: skip
        try:
            found[name] = float(text)
        except ValueError:
            found[name] = np.nan
        if not 0 < found[name] < 1:
            raise Refusal(
                422, f"The address asks for a wrong {name!r}.", given=text,
                expected="a number between 0 and 1",
            )  # fmt: skip
    return Asked(**found)  # type: ignore[arg-type]


def _json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(as_json(value), status, dict(headers or {}), JSON)


async def _refused(request: Request, error: Exception) -> Response:
    """The answer to what the client can put right."""
    if not isinstance(error, Refusal):
        return _json({"error": str(error)}, 422)
    return _json(error.facts, error.status, {"retry-after": "1"} if error.status == 503 else None)


async def _failed(request: Request, error: Exception) -> Response:
    """The answer to an address or a method that does not exist."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    return _json(
        {"error": f"{request.method} {path}: {error.detail}."}, error.status_code, error.headers
    )


async def _gone(request: Request, error: Exception) -> Response:
    """Nobody reads this: the client has closed the connection."""
    return Response(status_code=400)


async def _unforeseen(request: Request, error: Exception) -> Response:
    """The answer to an error that nobody foresaw; the server's log has its traceback."""
    return _json({"error": "An error that should not be. The server's log tells more."}, 500)


def _versions() -> dict[str, str]:
    return {
        "rosenblatt": own_version(),
        "python": platform.python_version(),
        "jax": jax.__version__,
        "numpy": np.__version__,
        "platform": sys.platform,
    }
