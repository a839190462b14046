"""RemoteMonitor: send the metrics of each epoch to a server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.errors import warn_user
from rosenblatt.core.registry import builtin

_TIMEOUT = 5.0  # seconds: training should not wait for a server that is gone


@builtin("keras.callbacks")
class RemoteMonitor(Callback):
    """Posts the epoch and its metrics as JSON; a server that does not answer is a warning.

    Args:
        root: the server's address.
        path: the path below it.
        field: the form field that holds the JSON, where it is sent as a form.
        headers: further headers.
        send_as_json: send JSON as the body, instead of a form.
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: Mapping[str, str] | None = None,
        send_as_json: bool = False,
    ):
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = dict(headers or {})
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Send the epoch's metrics."""
        # Standard library, but as slow to import as half of this package.
        import urllib.error
        import urllib.parse
        import urllib.request

        values = {name: np.asarray(value).tolist() for name, value in (logs or {}).items()}
        text = json.dumps({"epoch": epoch, **values})
        kind = "application/json" if self.send_as_json else "application/x-www-form-urlencoded"
        body = text if self.send_as_json else urllib.parse.urlencode({self.field: text})
        request = urllib.request.Request(
            self.root + self.path,
            data=body.encode(),
            headers={"Content-Type": kind, **self.headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT):
                pass
        except (urllib.error.URLError, OSError) as error:
            warn_user(f"RemoteMonitor: {self.root + self.path} did not take the metrics: {error}")
