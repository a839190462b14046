"""The inside of a worker process: reads requests from stdin, writes replies to stdout.

python -m bench.worker LIBRARY
"""

from __future__ import annotations

import json
import os
import sys
import traceback

from bench.runners import make_runner


def main(library: str) -> None:
    """Answer requests `[operation, arguments]` with `{"value": ...}` or `{"error": ...}`."""
    # Libraries print to stdout as they like: replies get a stream of their own.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    runner = make_runner(library)
    for line in sys.stdin:
        operation, arguments = json.loads(line)
        try:
            reply = {"value": getattr(runner, operation)(**arguments)}
        except Exception:
            reply = {"error": traceback.format_exc()}
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
