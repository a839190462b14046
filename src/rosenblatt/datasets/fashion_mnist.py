"""Fashion MNIST: 70,000 grey images of clothes in ten classes (Zalando, MIT licence)."""

from __future__ import annotations

from rosenblatt.datasets import _cache
from rosenblatt.datasets._split import Pair

__all__ = ["CLASS_NAMES", "load_data"]

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

_DATA = _cache.ImageData(
    name="fashion_mnist",
    folder="fashion-mnist",
    files=_cache.mnist_like(
        (
            "f4a8712d7a061bf5bd6d2ca38dc4d50a",
            "9018921c3c673c538a1fc5bad174d6f9",
            "8181f5470baa50b63fa0f6fddb340f0a",
            "15d484375f8d13e6eb1aabb0c3f46965",
        )
    ),
    mirrors=(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    variable="ROSENBLATT_FASHION_MNIST_DIR",
    system_folder="/usr/share/datasets/fashion-mnist",
    install="on Debian or Ubuntu, apt install dataset-fashion-mnist",
)


def load_data() -> tuple[Pair, Pair]:
    """Load Fashion MNIST as Keras does.

    Looks into the cache folder (`ROSENBLATT_CACHE_DIR`, else the user's cache), then into the
    folder of Debian's package dataset-fashion-mnist (or the one that
    `ROSENBLATT_FASHION_MNIST_DIR` names), then downloads about 31 MB into the cache. Every file
    is checked against its known checksum.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 (60000, 28, 28) and (60000,), then 10,000
        of each; labels are positions in `CLASS_NAMES`.

    Raises:
        FileNotFoundError: in none of these places; the message says what to do.
    """
    return _cache.load(_DATA)
