"""What histograms, images and sounds are on file: arrays, PNG and WAV."""

from __future__ import annotations

import io
import math
import struct
import wave
import zlib

import numpy as np

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.types import ArrayLike

_CHANNELS = {1: 0, 2: 4, 3: 2, 4: 6}  # to PNG's types of colour
_HALF_RANGE = 2**15


def histogram(data: ArrayLike, buckets: int = 30) -> np.ndarray:
    """Counts of values in buckets of equal width.

    Args:
        data: numbers, of any shape; those that are not finite are left out, and nothing overflows.
        buckets: how many.

    Returns:
        (buckets, 3) float64: left edge, right edge, count. Where all values are equal, all stand in
        the last bucket; without values everything is 0.

    >>> histogram([1, 2, 2, 4], buckets=3).tolist()
    [[1.0, 2.0, 1.0], [2.0, 3.0, 2.0], [3.0, 4.0, 1.0]]
    """
    values = np.asarray(data).ravel().astype("float64")
    table = np.zeros((buckets, 3))
    if not values.size or not buckets:
        return table
    low, high = float(values.min()), float(values.max())
    if not math.isfinite(high - low):  # NaN or infinity among them, or a span beyond float64
        finite = values[np.isfinite(values)]
        if finite.size < values.size:
            return histogram(finite, buckets)
        halves = histogram(values / 2, buckets)
        return halves * (2, 2, 1)
    width = (high - low) / buckets
    edges = low + width * np.arange(buckets + 1)
    edges[-1] = high
    table[:, 0], table[:, 1] = edges[:-1], edges[1:]
    if width == 0:
        table[-1, 2] = values.size
        return table
    index = np.minimum((values - low) / width, buckets - 1).astype("int64")
    table[:, 2] = np.bincount(index, minlength=buckets)
    return table


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Pixels in 8 bits: floats from 0 to 1, booleans, or whole numbers in their type's range."""
    if images.dtype == np.uint8:
        return images
    if images.dtype == np.bool_:
        return images.astype("uint8") * np.uint8(255)
    if images.dtype.kind in "iu":
        most = int(np.iinfo(images.dtype).max)
        positive = np.maximum(images, 0)
        if most > 255:
            return (positive // ((most + 1) // 256)).astype("uint8")
        return positive.astype("uint8") * np.uint8(2)
    scaled = np.nan_to_num(images.astype("float32")) * np.float32(255.5)
    return np.clip(scaled, 0, 255).astype("uint8")


def png(pixels: np.ndarray) -> bytes:
    """An image as PNG.

    Args:
        pixels: (height, width, channels) uint8; 1 channel is grey, 2 grey and alpha, 3 RGB, 4 RGBA.

    Reference: Portable Network Graphics, W3C Recommendation.

    >>> png(np.zeros((2, 3, 1), "uint8"))[:8]
    b'\\x89PNG\\r\\n\\x1a\\n'
    """
    height, width, channels = pixels.shape
    head = struct.pack(">IIBBBBB", width, height, 8, _CHANNELS[channels], 0, 0, 0)
    # Each row begins with the number of its filter: 0 is none.
    rows = np.zeros((height, 1 + width * channels), "uint8")
    rows[:, 1:] = pixels.reshape(height, -1)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


def images(data: ArrayLike, most: int) -> np.ndarray:
    """Width, height, and the first images as PNG: (2 + count,) bytes.

    Args:
        data: (count, height, width, channels).
        most: images at most.

    Raises:
        ValueError: another shape.
    """
    array = np.asarray(data)
    if array.ndim != 4 or array.shape[-1] not in _CHANNELS:
        raise BadArgument(
            "summary.image: bad shape of `data`.",
            given=array.shape,
            expected="(images, height, width, channels) with 1 to 4 channels",
            fix="for one image, write `data[np.newaxis]`; for grey ones without an axis of "
            "channels, `data[..., np.newaxis]`.",
        )
    _, height, width, _ = array.shape
    encoded = [png(image) for image in to_uint8(array[:most])]
    sizes = [str(width).encode(), str(height).encode()]
    return np.array([*sizes, *encoded], dtype=object)


def sounds(data: ArrayLike, sample_rate: int, most: int) -> np.ndarray:
    """The first sounds as WAV of 16 bits, each beside an empty label: (count, 2) bytes.

    Args:
        data: (count, samples, channels) floats from -1 to 1.
        sample_rate: samples a second.
        most: sounds at most.

    Raises:
        ValueError: another shape.
    """
    array = np.asarray(data)
    if array.ndim != 3 or array.dtype.kind != "f":
        raise BadArgument(
            "summary.audio: bad `data`.",
            given=f"{array.dtype} of shape {array.shape}",
            expected="floats from -1 to 1 of shape (sounds, samples, channels)",
            fix="for one sound, write `data[np.newaxis, :, np.newaxis]`.",
        )
    encoded = [(_wav(sound, sample_rate), b"") for sound in array[:most]]
    table = np.empty((len(encoded), 2), dtype=object)
    for row, pair in enumerate(encoded):
        table[row] = pair
    return table


def _wav(sound: np.ndarray, sample_rate: int) -> bytes:
    scaled = sound.astype("float64") * _HALF_RANGE
    rounded = np.trunc(scaled + np.copysign(0.5, scaled))  # halves away from 0
    samples = np.clip(rounded, -_HALF_RANGE, _HALF_RANGE - 1).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(sound.shape[1])
        writer.setsampwidth(2)
        writer.setframerate(int(sample_rate))
        writer.writeframes(samples.tobytes())
    return file.getvalue()


def sprite(pictures: np.ndarray) -> np.ndarray:
    """Images side by side in a square, row by row, as the projector wants them.

    Args:
        pictures: (count, height, width, channels).

    Returns:
        (n·height, n·width, channels) uint8 with n = ⌈√count⌉.

    >>> sprite(np.zeros((5, 2, 3, 1))).shape
    (6, 9, 1)
    """
    count, height, width, channels = pictures.shape
    side = math.ceil(math.sqrt(count))
    filled = np.zeros((side * side, height, width, channels), "uint8")
    filled[:count] = to_uint8(pictures)
    grid = filled.reshape(side, side, height, width, channels).swapaxes(1, 2)
    return grid.reshape(side * height, side * width, channels)
