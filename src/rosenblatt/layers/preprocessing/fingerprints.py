"""The hashes by which TensorFlow puts values into bins: FarmHash64, SipHash-2-4, chained prints.

Each works on all values at once: on their bytes, laid one after the other in a buffer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

_K0, _K1, _K2 = map(np.uint64, (0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F))
_CHAIN = np.uint64(0xC6A4A7935BD1E995)
_CROSS_START = 0xDECAFCAFFE
_PADDING = 64

Words = np.ndarray  # uint64, one for each value


class _Bytes(NamedTuple):
    """Values as bytes: word (uint64) and half word (uint32) at each place, starts and lengths."""

    words: np.ndarray
    halves: np.ndarray
    raw: np.ndarray
    start: np.ndarray
    length: np.ndarray

    def word(self, offset: Any) -> Words:
        """The 8 bytes at an offset from each value's start."""
        return self.words[self.start + offset]

    def half(self, offset: Any) -> Words:
        """The 4 bytes at an offset from each value's start."""
        return self.halves[self.start + offset].astype(np.uint64)

    def chosen(self, rows: np.ndarray) -> _Bytes:
        """The values of some rows."""
        return self._replace(start=self.start[rows], length=self.length[rows])


def _as_bytes(values: Sequence[str]) -> _Bytes:
    encoded = list(map(str.encode, values))
    length = np.fromiter(map(len, encoded), np.int64, len(encoded))
    start = np.concatenate([[0], np.cumsum(length)[:-1]]).astype(np.int64)
    raw = np.frombuffer(b"".join(encoded) + bytes(_PADDING), np.uint8)
    # Views at every byte, aligned or not.
    words = np.ndarray((len(raw) - 7,), "<u8", raw.data, strides=(1,))
    halves = np.ndarray((len(raw) - 3,), "<u4", raw.data, strides=(1,))
    return _Bytes(words, halves, raw, start, length)


def farmhash64(values: Sequence[str]) -> Words:
    """Fingerprint64 of FarmHash for each string (UTF-8).

    Geoff Pike, FarmHash (2014): the function `farmhashna::Hash64`.

    >>> farmhash64(["A", "B"]) % np.uint64(3)
    array([1, 0], dtype=uint64)
    """
    data = _as_bytes(values)
    result = np.full(len(values), _K2, np.uint64)
    ways: list[tuple[int, int, Callable[[_Bytes], Words]]] = [
        (1, 3, _farm_up_to_3),
        (4, 7, _farm_4_to_7),
        (8, 16, _farm_8_to_16),
        (17, 32, _farm_17_to_32),
        (33, 64, _farm_33_to_64),
        (65, 1 << 62, _farm_long),
    ]
    for least, most, way in ways:
        rows = np.flatnonzero((data.length >= least) & (data.length <= most))
        if len(rows):
            result[rows] = way(data.chosen(rows))
    return result


def _rotate(x: Words, count: int) -> Words:
    return (x >> np.uint64(count)) | (x << np.uint64(64 - count))


def _shift_mix(x: Words) -> Words:
    return x ^ (x >> np.uint64(47))


def _hash_16(u: Words, v: Words, multiplier: Any) -> Words:
    a = _shift_mix((u ^ v) * multiplier)
    return _shift_mix((v ^ a) * multiplier) * multiplier


def _multiplier(data: _Bytes) -> Words:
    return _K2 + data.length.astype(np.uint64) * np.uint64(2)


def _farm_up_to_3(data: _Bytes) -> Words:
    a, b, c = (
        data.raw[data.start + place].astype(np.uint64)
        for place in (0, data.length >> 1, data.length - 1)
    )
    y = a + (b << np.uint64(8))
    z = data.length.astype(np.uint64) + (c << np.uint64(2))
    return _shift_mix(y * _K2 ^ z * _K0) * _K2


def _farm_4_to_7(data: _Bytes) -> Words:
    length = data.length.astype(np.uint64)
    first = length + (data.half(0) << np.uint64(3))
    return _hash_16(first, data.half(data.length - 4), _multiplier(data))


def _farm_8_to_16(data: _Bytes) -> Words:
    multiplier = _multiplier(data)
    a = data.word(0) + _K2
    b = data.word(data.length - 8)
    c = _rotate(b, 37) * multiplier + a
    d = (_rotate(a, 25) + b) * multiplier
    return _hash_16(c, d, multiplier)


def _farm_17_to_32(data: _Bytes) -> Words:
    multiplier = _multiplier(data)
    a = data.word(0) * _K1
    b = data.word(8)
    c = data.word(data.length - 8) * multiplier
    d = data.word(data.length - 16) * _K2
    first = _rotate(a + b, 43) + _rotate(c, 30) + d
    return _hash_16(first, a + _rotate(b + _K2, 18) + c, multiplier)


def _farm_33_to_64(data: _Bytes) -> Words:
    multiplier = _multiplier(data)
    a = data.word(0) * _K2
    b = data.word(8)
    c = data.word(data.length - 8) * multiplier
    d = data.word(data.length - 16) * _K2
    y = _rotate(a + b, 43) + _rotate(c, 30) + d
    z = _hash_16(y, a + _rotate(b + _K2, 18) + c, multiplier)
    e = data.word(16) * multiplier
    f = data.word(24)
    g = (y + data.word(data.length - 32)) * multiplier
    h = (z + data.word(data.length - 24)) * multiplier
    first = _rotate(e + f, 43) + _rotate(g, 30) + h
    return _hash_16(first, e + _rotate(f + a, 18) + g, multiplier)


def _weak_hash(data: _Bytes, offset: Any, a: Words, b: Words) -> tuple[Words, Words]:
    w, x, y, z = (data.word(offset + 8 * i) for i in range(4))
    a = a + w
    b = _rotate(b + a + z, 21)
    c = a
    a = a + x + y
    return a + z, b + _rotate(a, 44) + c


def _farm_long(data: _Bytes) -> Words:
    """More than 64 bytes: rounds of 64, then the last 64 once more. Rows leave as they end."""
    count = len(data.length)
    seed = np.uint64(81)
    x = np.full(count, seed, np.uint64)
    y = x * _K1 + np.uint64(113)
    z = _shift_mix(y * _K2 + np.uint64(113)) * _K2
    x = x * _K2 + data.word(0)
    v = w = (np.zeros(count, np.uint64), np.zeros(count, np.uint64))
    state = np.stack([x, y, z, *v, *w])
    rounds = (data.length - 1) // 64
    for turn in range(int(rounds.max())):
        rows = np.flatnonzero(rounds > turn)
        state[:, rows] = _farm_round(data.chosen(rows), 64 * turn, state[:, rows], _K1, 1)
    # The last 64 bytes overlap those before.
    x, y, z, v0, v1, w0, w1 = state
    multiplier = _K1 + ((z & np.uint64(0xFF)) << np.uint64(1))
    w0 = w0 + ((data.length - 1) & 63).astype(np.uint64)
    v0 = v0 + w0
    w0 = w0 + v0
    state = np.stack([x, y, z, v0, v1, w0, w1])
    x, y, z, v0, v1, w0, w1 = _farm_round(data, data.length - 64, state, multiplier, 9)
    first = _hash_16(v0, w0, multiplier) + _shift_mix(y) * _K0 + z
    return _hash_16(first, _hash_16(v1, w1, multiplier) + x, multiplier)


def _farm_round(
    data: _Bytes, offset: Any, state: np.ndarray, multiplier: Any, factor: int
) -> np.ndarray:
    x, y, z, v0, v1, w0, w1 = state
    times = np.uint64(factor)
    x = _rotate(x + y + v0 + data.word(offset + 8), 37) * multiplier
    y = _rotate(y + v1 + data.word(offset + 48), 42) * multiplier
    x = x ^ (w1 * times)
    y = y + v0 * times + data.word(offset + 40)
    z = _rotate(z + w0, 33) * multiplier
    v0, v1 = _weak_hash(data, offset, v1 * multiplier, x + w0)
    w0, w1 = _weak_hash(data, offset + 32, z + w1, y + data.word(offset + 16))
    return np.stack([z, y, x, v0, v1, w0, w1])


def siphash64(values: Sequence[str], key: Sequence[int]) -> Words:
    """SipHash-2-4 of each string (UTF-8) under a key of two 64-bit numbers.

    Aumasson & Bernstein, SipHash: a fast short-input PRF (2012).

    >>> siphash64(["A", "B"], (133, 137)) % np.uint64(3)
    array([1, 2], dtype=uint64)
    """
    data = _as_bytes(values)
    k0, k1 = (np.uint64(k % 2**64) for k in key)
    starts = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
    keys = (k0, k1, k0, k1)
    state = np.stack(
        [np.full(len(values), np.uint64(s) ^ k) for s, k in zip(starts, keys, strict=True)]
    )
    blocks = data.length // 8
    for block in range(int(blocks.max(initial=0))):
        rows = np.flatnonzero(blocks > block)
        word = data.chosen(rows).word(8 * block)
        state[:, rows] = _sip_absorb(state[:, rows], word)
    rest = (data.length % 8).astype(np.uint64) * np.uint64(8)
    tail = data.word(8 * blocks) & ((np.uint64(1) << rest) - np.uint64(1))
    state = _sip_absorb(state, tail | (data.length.astype(np.uint64) << np.uint64(56)))
    state[2] ^= np.uint64(0xFF)
    for _ in range(4):
        state = _sip_round(state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _sip_absorb(state: np.ndarray, word: Words) -> np.ndarray:
    v0, v1, v2, v3 = state
    v0, v1, v2, v3 = _sip_round(_sip_round(np.stack([v0, v1, v2, v3 ^ word])))
    return np.stack([v0 ^ word, v1, v2, v3])


def _sip_round(state: np.ndarray) -> np.ndarray:
    v0, v1, v2, v3 = state
    v0, v2 = v0 + v1, v2 + v3
    v1, v3 = _rotate(v1, 51) ^ v0, _rotate(v3, 48) ^ v2
    v0, v2 = _rotate(v0, 32) + v3, v2 + v1
    v1, v3 = _rotate(v1, 47) ^ v2, _rotate(v3, 43) ^ v0
    return np.stack([v0, v1, _rotate(v2, 32), v3])


def chained(prints: Sequence[np.ndarray]) -> Words:
    """One fingerprint of several of each row, as TensorFlow's `sparse.cross_hashed` makes it.

    Args:
        prints: (rows,) integers or fingerprints, one array for each crossed feature.
    """
    result = np.full(len(prints[0]), _CROSS_START, np.uint64)
    for one in prints:
        result = (result ^ _CHAIN) ^ (_shift_mix(one.astype(np.uint64) * _CHAIN) * _CHAIN)
        result = _shift_mix(_shift_mix(result * _CHAIN) * _CHAIN)
    return result
