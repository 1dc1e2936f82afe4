"""What a cubin says about itself. It is an ELF file; NVIDIA's tables are in the sections ``.nv.info``.

The tables are lists of records: one byte format, one byte attribute, two bytes length (or value), then the contents.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

SIZED = 4  # the format of records whose contents follow; the others are four bytes in all

REGISTER_COUNT = 0x2F
FRAME_SIZE = 0x11
REQUIRED_THREADS = 0x10
PARAMETER = 0x17


@dataclass(frozen=True)
class CubinInfo:
    """The kernel in a cubin.

    Attributes:
        name: of its function.
        registers: 32-bit registers of a thread.
        stack_bytes: local memory of a thread; more than none means registers that were spilled, or arrays.
        parameter_bytes: size of every parameter, in order.
        threads: threads that a program instance must have.
    """

    name: str
    registers: int
    stack_bytes: int
    parameter_bytes: tuple[int, ...]
    threads: int


def read_cubin(cubin: bytes) -> CubinInfo:
    """Read the one kernel of a cubin.

    Raises:
        ValueError: if `cubin` is no ELF file, is cut short, or holds no kernel.
    """
    if cubin[:4] != b"\x7fELF" or cubin[4:5] != b"\x02":
        raise ValueError("This is not a cubin: it does not begin as a 64-bit ELF file does.")
    name, registers, stack_bytes, threads = "", 0, 0, 0
    parameters: dict[int, int] = {}
    try:
        for section, contents in _sections(cubin):
            if section.startswith(".text."):
                name = section.removeprefix(".text.")
            if section != ".nv.info" and not section.startswith(".nv.info."):
                continue
            for attribute, words in _records(contents):
                if attribute == REGISTER_COUNT:
                    registers = words[1]
                elif attribute == FRAME_SIZE:
                    stack_bytes = max(stack_bytes, words[1])
                elif attribute == REQUIRED_THREADS:
                    threads = words[0]
                elif attribute == PARAMETER:
                    parameters[words[1] & 0xFFFF] = words[2] >> 18
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"The cubin is cut short or damaged: {error}") from error
    if not name:
        raise ValueError("The cubin holds no kernel.")
    return CubinInfo(name, registers, stack_bytes, tuple(parameters[index] for index in sorted(parameters)), threads)


def _sections(cubin: bytes) -> Iterator[tuple[str, bytes]]:
    (table,) = struct.unpack_from("<Q", cubin, 40)
    entry_bytes, count, names_index = struct.unpack_from("<HHH", cubin, 58)
    headers = [struct.unpack_from("<IIQQQQ", cubin, table + index * entry_bytes) for index in range(count)]
    names_start = headers[names_index][4]
    for name_offset, _, _, _, offset, size in headers:
        start = names_start + name_offset
        yield cubin[start : cubin.index(b"\0", start)].decode(), cubin[offset : offset + size]


def _records(contents: bytes) -> Iterator[tuple[int, tuple[int, ...]]]:
    position = 0
    while position + 4 <= len(contents):
        form, attribute, size = struct.unpack_from("<BBH", contents, position)
        position += 4
        if form == SIZED:
            yield attribute, struct.unpack_from(f"<{size // 4}I", contents, position)
            position += size
