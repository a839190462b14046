"""Who is measured, and what their processes see of the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Settings of the caller's shell that would change how one peer runs and not another.
_DROPPED = ("JAX_", "XLA_", "KERAS_", "TF_", "OMP_", "MKL_", "OPENBLAS_", "ROSENBLATT_", "PYTHON")


@dataclass(frozen=True, eq=False)  # compared and hashed as an object
class Peer:
    """A library as it is measured: its title, the module to import, its environment, our source."""

    title: str
    library: str
    environment: dict[str, str] = field(default_factory=dict)
    source: Path = ROOT / "src"  # where our package is imported from


OURS = Peer("rosenblatt", "rosenblatt")
KERAS_TENSORFLOW = Peer(
    "Keras on TensorFlow", "keras", {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
)
KERAS_JAX = Peer("Keras on JAX", "keras", {"KERAS_BACKEND": "jax"})
KERAS_JAX_CHUNKED = Peer(
    "Keras on JAX, best steps_per_execution", "keras", {"KERAS_BACKEND": "jax"}
)
TORCH = Peer("PyTorch eager", "torch")


def environment(peer: Peer, cache: Path) -> dict[str, str]:
    """The environment of a process that runs `peer`.

    Args:
        peer: whose process it is.
        cache: folder for our data and compiled programs; empty for a cold start.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_DROPPED)}
    # That checkout's package, installed or not, and no graphics processor for anybody.
    common = {
        "PYTHONPATH": f"{peer.source}{os.pathsep}{ROOT}",
        "ROSENBLATT_CACHE_DIR": str(cache),
        "CUDA_VISIBLE_DEVICES": "",
        "JAX_PLATFORMS": "cpu",
    }
    return {**kept, **common, **peer.environment}
