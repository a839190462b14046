"""Ask a server from many connections at once, each as fast as it is answered.

python -m bench.children.clients PORT CLIENTS SECONDS LATENCIES.npy

Writes the seconds that each request took, and prints how many were no predictions.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import numpy as np

from rosenblatt.datasets import california_housing

_ROWS = 200  # different ones that are asked for


def main(port: str, clients: str, seconds: str, path: str) -> None:
    """Ask for single rows."""
    x = california_housing.load_split().test[0][:_ROWS].tolist()
    names = california_housing.FEATURE_NAMES
    requests = [_request([dict(zip(names, row, strict=True))]) for row in x]
    latencies, failed = asyncio.run(_all(int(port), int(clients), float(seconds), requests))
    np.save(path, np.array(latencies, np.float32))
    print(failed)


def _request(rows: list[dict[str, float]]) -> bytes:
    body = json.dumps(rows).encode()
    head = "POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _all(
    port: int, clients: int, seconds: float, requests: list[bytes]
) -> tuple[list[float], int]:
    latencies: list[float] = []
    failed = 0
    end = time.perf_counter() + seconds

    async def client(first: int) -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        place = first
        while (start := time.perf_counter()) < end:
            writer.write(requests[place % len(requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            body = await reader.readexactly(int(length))
            latencies.append(time.perf_counter() - start)
            failed += not (head.startswith(b"HTTP/1.1 200 ") and b'"prediction": ' in body)
            place += clients
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*map(client, range(clients)))
    return latencies, failed


if __name__ == "__main__":
    main(*sys.argv[1:])
