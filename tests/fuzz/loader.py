"""Load mutated files, one after another, and say what came of each: what the fuzz test starts.

python loader.py FOLDER FIRST LAST        the mutations of these numbers, one line of JSON each
"""

from __future__ import annotations

import faulthandler
import json
import math
import random
import resource
import runpy
import sys
import time
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from mutations import MUTATIONS

import rosenblatt as rb
from rosenblatt.saving.inspection import inspect_file

NUMPY_LOADER = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "npz_loader.py"))["load"]
# What NumPy and the zip library raise on damaged archives, and a loader of 60 lines on odd ones.
NUMPY_ERRORS = (
    OSError, EOFError, KeyError, IndexError, TypeError, NotImplementedError, SyntaxError,
    zipfile.BadZipFile, zlib.error, OverflowError, AttributeError, RuntimeError,
)  # fmt: skip
ROOM = 8 << 30  # address space: a file that asks for more fails here, not the machine
SECONDS = 600  # a file that hangs ends the process


def try_file(path: Path, fresh: Any) -> str:
    """Load a file, and use what it gives: "works", or "refused"."""
    try:
        inspect_file(path)
    except ValueError as error:
        require_ours(error, path)
    try:
        if path.name.endswith(".weights.h5"):
            fresh.load_weights(path)
            model = fresh
        elif path.suffix == ".npz":
            NUMPY_LOADER(path)
            return "works"
        else:
            model = rb.models.load_model(path)
    except ValueError as error:
        if path.suffix != ".npz":
            require_ours(error, path)
        return "refused"
    except NUMPY_ERRORS:
        if path.suffix != ".npz":
            raise
        return "refused"
    try:
        use(model)
    except ValueError as error:
        if "Fix:" not in str(error) and "Expected:" not in str(error):
            raise
        return "refused"
    except RuntimeError as error:  # a vocabulary that is no longer in the file
        if type(error) is RuntimeError and "has no vocabulary yet. Fix:" in str(error):
            return "refused"
        raise
    return "works"


def require_ours(error: ValueError, path: Path) -> None:
    """An error of this library's names the file."""
    if str(path) not in str(error):
        raise error


def use(model: Any) -> None:
    """Predict, where the inputs are of a reasonable size."""
    if not model.built or not model.inputs:
        return
    shapes = [(2, *(1 if s is None else s for s in t.shape[1:])) for t in model.inputs]
    if max(math.prod(shape) for shape in shapes) > 10**5:
        return
    arrays = [
        np.zeros(shape, "int32" if "int" in t.dtype else "float32")
        if t.dtype != "string"
        else np.full(shape, "a", object)
        for shape, t in zip(shapes, model.inputs, strict=True)
    ]
    model.predict(arrays if len(arrays) > 1 else arrays[0], verbose=0)


def main(folder: Path, first: int, last: int) -> None:
    """Try the mutations of some numbers."""
    warnings.simplefilter("ignore")
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, resource.RLIM_INFINITY))
    kinds = list(MUTATIONS)
    originals = {kind: (folder / f"original{kind}").read_bytes() for kind in kinds}
    fresh = rb.models.load_model(folder / "original.keras")
    use(fresh)
    for number in range(first, last):
        rng = random.Random(number)
        kind = rng.choices(kinds, (6, 3, 2, 1))[0]
        mutation = rng.choice(MUTATIONS[kind])
        path = folder / f"mutated-{first}{kind}"
        path.write_bytes(mutation(rng, originals[kind]))
        print(json.dumps({"number": number, "mutation": f"{kind} {mutation.__name__}"}), flush=True)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.process_time()  # of the processor: a busy machine adds nothing to it
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        try:
            outcome = try_file(path, fresh)
        except Exception as error:
            outcome = f"{type(error).__name__}: {str(error)[:300]}"
        faulthandler.cancel_dump_traceback_later()
        report = {
            "outcome": outcome,
            "seconds": time.process_time() - start,
            "megabytes": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024,
        }
        print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
