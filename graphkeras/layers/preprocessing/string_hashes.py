"""Hashes of byte strings, the same on every machine: FarmHash's Fingerprint64 and SipHash-2-4, many strings at once.

Fingerprint64 is the portable 64-bit hash of Google's FarmHash (G. Pike, 2014). SipHash-2-4 is the keyed hash of
Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012). TensorFlow's `string_to_hash_bucket_fast` and
`string_to_hash_bucket_strong` are their remainders, and Keras's layers use those.

All numbers are 64-bit and unsigned; sums and products wrap. A string of n bytes is read in words of 8 (or 4) bytes, the
lowest byte first. Strings of one length take the same steps, so they are hashed together, as rows of a matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_K0, _K1, _K2 = (np.uint64(k) for k in (0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F))
_CAT_FACTOR = np.uint64(0xC6A4A7935BD1E995)
_SIP_START = ("somepseu", "dorandom", "lygenera", "tedbytes")


def fingerprint64(strings: Sequence[bytes]) -> Array:
    """FarmHash's Fingerprint64 of every string, uint64."""
    return _by_length(strings, _farm_hash)


def sip_hash(strings: Sequence[bytes], key: Sequence[int]) -> Array:
    """SipHash-2-4 of every string under a key of two 64-bit numbers, uint64."""
    first, second = (np.uint64(number & 0xFFFFFFFFFFFFFFFF) for number in key)
    return _by_length(strings, lambda rows: _sip_hash(rows, first, second))


def concatenated(first: Array, second: Array) -> Any:
    """The fingerprint of two fingerprints, as TensorFlow joins the features of a crossing (`FingerprintCat64`)."""
    mixed = (first ^ _CAT_FACTOR) ^ (_shift_mix(second * _CAT_FACTOR) * _CAT_FACTOR)
    return _shift_mix(_shift_mix(mixed * _CAT_FACTOR) * _CAT_FACTOR)


def _by_length(strings: Sequence[bytes], hash_rows: Callable[[Array], Array]) -> Array:
    lengths = np.array([len(string) for string in strings], np.int64)
    hashes = np.empty(len(strings), np.uint64)
    for length in np.unique(lengths).tolist():
        places = np.flatnonzero(lengths == length)
        joined = np.frombuffer(b"".join(strings[place] for place in places.tolist()), np.uint8)
        hashes[places] = hash_rows(joined.reshape(len(places), length))
    return hashes


def _word(rows: Array, start: int, width: int = 8) -> Any:
    """The `width` bytes from `start` on as a number, for every row."""
    piece = np.ascontiguousarray(rows[:, start : start + width])
    return piece.view(f"<u{width}")[:, 0].astype(np.uint64)


def _turned(x: Any, bits: int) -> Any:
    """The bits of x, turned to the right."""
    return (x >> np.uint64(bits)) | (x << np.uint64(64 - bits))


def _shift_mix(x: Any) -> Any:
    return x ^ (x >> np.uint64(47))


def _pair(x: Any, y: Any, factor: Any) -> Any:
    """One number of two: FarmHash's `HashLen16`."""
    return _shift_mix((y ^ _shift_mix((x ^ y) * factor)) * factor) * factor


def _farm_hash(rows: Array) -> Any:
    length = rows.shape[1]
    if length <= 16:
        return _up_to_16(rows)
    if length <= 64:
        return _up_to_64(rows)
    return _longer(rows)


def _up_to_16(rows: Array) -> Any:
    count, length = rows.shape
    factor = _K2 + np.uint64(2 * length)
    if length >= 8:
        first, last = _word(rows, 0) + _K2, _word(rows, length - 8)
        return _pair(_turned(last, 37) * factor + first, (_turned(first, 25) + last) * factor, factor)
    if length >= 4:
        first, last = _word(rows, 0, 4), _word(rows, length - 4, 4)
        return _pair((first << np.uint64(3)) + np.uint64(length), last, factor)
    if length > 0:
        first, middle, last = (rows[:, place].astype(np.uint64) for place in (0, length // 2, length - 1))
        low, high = first + (middle << np.uint64(8)), np.uint64(length) + (last << np.uint64(2))
        return _shift_mix((low * _K2) ^ (high * _K0)) * _K2
    return np.full(count, _K2)


def _up_to_64(rows: Array) -> Any:
    length = rows.shape[1]
    factor = _K2 + np.uint64(2 * length)
    a = _word(rows, 0) * (_K1 if length <= 32 else _K2)
    b, c, d = _word(rows, 8), _word(rows, length - 8) * factor, _word(rows, length - 16) * _K2
    y = _turned(a + b, 43) + _turned(c, 30) + d
    z = _pair(y, a + _turned(b + _K2, 18) + c, factor)
    if length <= 32:
        return z
    e, f = _word(rows, 16) * factor, _word(rows, 24)
    g, h = (y + _word(rows, length - 32)) * factor, (z + _word(rows, length - 24)) * factor
    return _pair(_turned(e + f, 43) + _turned(g, 30) + h, e + _turned(f + a, 18) + g, factor)


def _longer(rows: Array) -> Any:
    """Blocks of 64 bytes change a state of seven numbers. The last one ends with the string and may overlap the one before."""
    length = rows.shape[1]
    x = np.full(len(rows), np.uint64(81))
    y = x * _K1 + np.uint64(113)
    z = _shift_mix(y * _K2 + np.uint64(113)) * _K2
    v = w = (np.zeros_like(x), np.zeros_like(x))
    x = x * _K2 + _word(rows, 0)
    whole = (length - 1) // 64 * 64
    for start in range(0, whole, 64):
        x, y, z, v, w = _block(rows, start, x, y, z, v, w, _K1, np.uint64(1))
    factor = _K1 + ((z & np.uint64(0xFF)) << np.uint64(1))
    left = w[0] + np.uint64((length - 1) % 64)
    ahead = v[0] + left
    v, w = (ahead, v[1]), (left + ahead, w[1])
    x, y, z, v, w = _block(rows, length - 64, x, y, z, v, w, factor, np.uint64(9))
    first = _pair(v[0], w[0], factor) + _shift_mix(y) * _K0 + z
    return _pair(first, _pair(v[1], w[1], factor) + x, factor)


def _block(rows: Array, start: int, x: Any, y: Any, z: Any, v: Any, w: Any, factor: Any, weight: Any) -> tuple[Any, ...]:
    """The state after 64 bytes."""
    x = _turned(x + y + v[0] + _word(rows, start + 8), 37) * factor
    y = _turned(y + v[1] + _word(rows, start + 48), 42) * factor
    x = x ^ (w[1] * weight)
    y = y + v[0] * weight + _word(rows, start + 40)
    z = _turned(z + w[0], 33) * factor
    v = _mixed_words(rows, start, v[1] * factor, x + w[0])
    w = _mixed_words(rows, start + 32, z + w[1], y + _word(rows, start + 16))
    return z, y, x, v, w


def _mixed_words(rows: Array, start: int, a: Array, b: Array) -> tuple[Array, Array]:
    """Two numbers and 32 bytes as two numbers: FarmHash's `WeakHashLen32WithSeeds`."""
    first, second, third, fourth = (_word(rows, start + 8 * k) for k in range(4))
    a = a + first
    b = _turned(b + a + fourth, 21)
    total = a + second + third
    return total + fourth, b + _turned(total, 44) + a


def _sip_hash(rows: Array, first: Any, second: Any) -> Array:
    """Two rounds for every 8 bytes (the last ones padded by zeros and the length), and four at the end."""
    count, length = rows.shape
    padded = np.zeros((count, length // 8 * 8 + 8), np.uint8)
    padded[:, :length] = rows
    padded[:, -1] = length % 256
    starts = [np.uint64(int.from_bytes(text.encode(), "big")) for text in _SIP_START]
    state = [np.full(count, start ^ key) for start, key in zip(starts, (first, second, first, second), strict=True)]
    for place in range(0, padded.shape[1], 8):
        word = _word(padded, place)
        state[3] = state[3] ^ word
        state = _sip_round(_sip_round(state))
        state[0] = state[0] ^ word
    state[2] = state[2] ^ np.uint64(0xFF)
    for _ in range(4):
        state = _sip_round(state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _sip_round(state: list[Array]) -> list[Array]:
    a, b, c, d = state
    a, c = a + b, c + d
    b, d = _turned(b, 64 - 13) ^ a, _turned(d, 64 - 16) ^ c
    a, c = _turned(a, 32) + d, c + b
    b, d = _turned(b, 64 - 17) ^ c, _turned(d, 64 - 21) ^ a
    return [a, b, _turned(c, 32), d]
