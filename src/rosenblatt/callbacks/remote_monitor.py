"""RemoteMonitor: send the metrics of each epoch to a server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.checks import converted, flag, text
from rosenblatt.core.errors import warn_user
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import Configured, setting

_HEADERS = converted(lambda value: dict(value or {}), "a dict of strings", [3, "a"])
_TIMEOUT = 5.0  # seconds: training should not wait for a server that is gone


@builtin("keras.callbacks")
class RemoteMonitor(Callback, Configured):
    """Posts the epoch and its metrics as JSON; a server that does not answer is a warning.

    Args:
        root: the server's address.
        path: the path below it.
        field: the form field that holds the JSON, where it is sent as a form.
        headers: further headers.
        send_as_json: send JSON as the body, instead of a form.
    """

    is_for_main = True

    root: str = setting(text, default="http://localhost:9000")
    path: str = setting(text, default="/publish/epoch/end/")
    field: str = setting(text, default="data")
    headers: Mapping[str, str] = setting(_HEADERS, default=None)
    send_as_json: bool = setting(flag, default=False)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Send the epoch's metrics."""
        # Standard library, but as slow to import as half of this package.
        import urllib.error
        import urllib.parse
        import urllib.request

        values = {name: np.asarray(value).tolist() for name, value in (logs or {}).items()}
        record = json.dumps({"epoch": int(epoch), **values})
        kind = "application/json" if self.send_as_json else "application/x-www-form-urlencoded"
        body = record if self.send_as_json else urllib.parse.urlencode({self.field: record})
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
