"""A million scalars for TensorBoard, against torch.utils.tensorboard."""

from __future__ import annotations

import tempfile

from bench.harness import Comparison, Context, Result, in_turns, run
from bench.peers import OURS, TORCH

_TARGET = 5.0
_COUNT = 1_000_000
_OURS = """
import sys, time
import rosenblatt as rb
writer = rb.summary.create_file_writer(sys.argv[1])
start = time.perf_counter()
with writer.as_default():
    for step in range(int(sys.argv[2])):
        rb.summary.scalar("loss", 0.5, step=step)
writer.close()
print(time.perf_counter() - start)
"""
_TORCH = """
import sys, time
from torch.utils.tensorboard import SummaryWriter
writer = SummaryWriter(sys.argv[1])
start = time.perf_counter()
for step in range(int(sys.argv[2])):
    writer.add_scalar("loss", 0.5, step)
writer.close()
print(time.perf_counter() - start)
"""


def measure(context: Context) -> Result:
    """Time the calls and the closing, in fresh processes that take turns."""
    cache = context.empty_cache()

    def seconds(peer, code: str) -> float:
        folder = tempfile.mkdtemp(prefix="events-", dir=context.folder)
        return float(run(["-c", code, folder, str(_COUNT)], peer, cache)[1].split()[-1])

    actions = {
        OURS: lambda: seconds(OURS, _OURS),
        TORCH: lambda: seconds(TORCH, _TORCH),
    }
    times = in_turns(actions, context.rounds_or(3))
    comparison = Comparison(
        "1,000,000 scalars", "torch.utils.tensorboard", times[OURS], times[TORCH], _TARGET
    )
    notes = ["One call each, then close; imports are not counted."]
    return Result("TensorBoard scalars", notes, [comparison])
