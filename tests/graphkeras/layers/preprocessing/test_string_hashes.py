"""Hashes of strings give the published test vectors."""

import numpy as np
import pytest

from graphkeras.layers.preprocessing.string_hashes import fingerprint64, sip_hash

#: Fingerprint64 of strings of all kinds of lengths, from the tests of the package farmhash64 (MIT).
FARM_HASHES = {
    "": 0x9AE16A3B2F90404F,
    "a": 0xB3454265B6DF75E3,
    "ab": 0xAA8D6E5242ADA51E,
    "abc": 0x24A5B3A074E7F369,
    "abcd": 0x1A5502DE4A1F8101,
    "abcdefg": 0x3C40C92B1CCB7355,
    "abcdefgh": 0xFEE9D22990C82909,
    "0123456789@0123": 0x5361EAE17C1FF6BC,
    "0123456789'01234": 0x4283D4EF43627F64,
    "0123456789=012345": 0x46A7416ED4861E3B,
    "C is as portable as Stonehedge!!": 0xB944F8A16261E414,
    "Discard medicine more than two years old.": 0xE8F89AB6DF9BDD25,
    "The days of the digital watch are numbered.  -Tom Stoppard": 0x2A578B80BB82147C,
    "For every action there is an equal and opposite government program.": 0x55182F8859ECA4CE,
    "There is no reason for any individual to have a computer in their home. -Ken Olsen, 1977": 0x7E85D7B050ED2967,
    "The fugacity of a constituent in a mixture of gases at a given temperature is proportional to its mole fraction.  "
    "Lewis-Randall Rule": 0x098EFF6958C5E91A,
}
#: SipHash-2-4 of the bytes 0, 1, ..., n - 1 under the key of the bytes 0 ... 15, from the authors' paper and vectors.
SIP_HASHES = {0: 0x726FDB47DD0E0E31, 1: 0x74F839C593DC67FD, 2: 0x0D6C8009D9A94F5A, 15: 0xA129CA6149BE45E5}
SIP_HASHES[63] = 0x958A324CEB064572


def test_farm_hash():
    found = fingerprint64([text.encode() for text in FARM_HASHES])
    assert [hex(number) for number in found.tolist()] == [hex(number) for number in FARM_HASHES.values()]


def test_sip_hash():
    key = [int.from_bytes(bytes(range(start, start + 8)), "little") for start in (0, 8)]
    found = sip_hash([bytes(range(length)) for length in SIP_HASHES], key)
    assert [hex(number) for number in found.tolist()] == [hex(number) for number in SIP_HASHES.values()]


@pytest.mark.parametrize("hashes", [fingerprint64, lambda strings: sip_hash(strings, (3, -4))])
def test_strings_together_hash_as_alone(hashes):
    rng = np.random.default_rng(0)
    strings = [rng.bytes(int(length)) for length in rng.integers(0, 200, 60)]
    np.testing.assert_array_equal(hashes(strings), np.concatenate([hashes([string]) for string in strings]))
    assert hashes([]).shape == (0,)


def test_known_numbers_of_tensorflow():
    """What the tests of Keras's Hashing layer say that TensorFlow gives on all platforms."""
    words = [b"omar", b"stringer", b"marlo", b"wire", b"skywalker"]
    assert (fingerprint64(words) % np.uint64(2)).tolist() == [0, 0, 1, 0, 0]
    assert (sip_hash(words, (133, 137)) % np.uint64(2)).tolist() == [0, 1, 0, 1, 0]
    assert (sip_hash(words, (211, 137)) % np.uint64(2)).tolist() == [1, 0, 1, 0, 1]
