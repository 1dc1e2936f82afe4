"""How good is a compiled kernel? Read from its machine code, so a kernel that got worse is noticed without a GPU."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .artifact import Artifact
from .cubin import read_cubin


@dataclass(frozen=True)
class Processor:
    """One streaming multiprocessor: what its resident blocks share.

    From the table "Technical Specifications per Compute Capability" of the CUDA programming guide.
    """

    warps: int
    blocks: int
    registers: int
    shared_bytes: int
    block_shared_bytes: int


PROCESSORS = {
    80: Processor(warps=64, blocks=32, registers=65536, shared_bytes=167936, block_shared_bytes=166912),
    90: Processor(warps=64, blocks=32, registers=65536, shared_bytes=233472, block_shared_bytes=232448),
}

WARP = 32
REGISTER_UNIT = 256  # registers are given to a warp in this many
RESERVED_SHARED_BYTES = 1024  # taken by the system for every block

INSTRUCTION = re.compile(r"/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_]*(?:\.[A-Z0-9_]+)*)")


@dataclass(frozen=True)
class Quality:
    """Figures of one kernel.

    Attributes:
        registers: of a thread.
        stack_bytes: local memory of a thread.
        shared_bytes: dynamic shared memory of a program instance.
        threads: of a program instance.
        loads: number of load instructions from global memory by their width in bits.
        stores: the same for stores to global memory.
        copies: the same for asynchronous copies from global to shared memory.
        tensor_core: number of matrix instructions of the tensor cores.
        spills: number of loads and stores of local memory.
        instructions: number of all instructions, by name without modifiers.
        resident_blocks: program instances that fit on one multiprocessor at a time.
        limited_by: what keeps it from holding more: ``warps``, ``blocks``, ``registers`` or ``shared memory``.
        occupancy: part of the warps that a multiprocessor can hold which then are there.
    """

    name: str
    capability: int
    registers: int
    stack_bytes: int
    shared_bytes: int
    threads: int
    loads: Mapping[int, int]
    stores: Mapping[int, int]
    copies: Mapping[int, int]
    tensor_core: int
    spills: int
    instructions: Mapping[str, int]
    resident_blocks: int
    limited_by: str
    occupancy: float

    def summary(self) -> str:
        """One line for people."""
        widths = [f"{kind} {_widths(counts)}" for kind, counts in (("loads", self.loads), ("stores", self.stores)) if counts]
        parts = [f"{self.registers} registers", f"{self.shared_bytes} B shared", f"occupancy {self.occupancy:.0%}", *widths]
        if self.copies:
            parts.append(f"async copies {_widths(self.copies)}")
        if self.tensor_core:
            parts.append(f"{self.tensor_core} tensor-core instructions")
        if self.spills or self.stack_bytes:
            parts.append(f"SPILLS: {self.spills} accesses, {self.stack_bytes} B stack")
        return f"{self.name} (sm_{self.capability}, {self.threads} threads): {', '.join(parts)}"


def assess(artifact: Artifact) -> Quality:
    """Read the figures of a kernel from its machine code, with triton's nvdisasm.

    Raises:
        ValueError: for a capability that is not in PROCESSORS, or a damaged cubin.
        RuntimeError: if triton, which carries nvdisasm, is not installed.
    """
    if artifact.capability not in PROCESSORS:
        raise ValueError(f"The limits of capability {artifact.capability} are unknown; add them to PROCESSORS.")
    info = read_cubin(artifact.cubin)
    opcodes = INSTRUCTION.findall(disassemble(artifact.cubin))
    blocks, limited_by = resident_blocks(artifact.capability, info.registers, artifact.shared_bytes, artifact.threads)
    return Quality(
        name=artifact.name,
        capability=artifact.capability,
        registers=info.registers,
        stack_bytes=info.stack_bytes,
        shared_bytes=artifact.shared_bytes,
        threads=artifact.threads,
        loads=_by_width(opcodes, "LDG"),
        stores=_by_width(opcodes, "STG"),
        copies=_by_width(opcodes, "LDGSTS"),
        tensor_core=sum(bool(re.match(r"[HQIBD]?G?MMA\b|[HQI]GMMA\b|UTC\w*MMA\b", opcode)) for opcode in opcodes),
        spills=sum(opcode.partition(".")[0] in ("LDL", "STL") for opcode in opcodes),
        instructions=Counter(opcode.partition(".")[0] for opcode in opcodes),
        resident_blocks=blocks,
        limited_by=limited_by,
        occupancy=blocks * artifact.threads / (WARP * PROCESSORS[artifact.capability].warps),
    )


def disassemble(cubin: bytes) -> str:
    """The instructions of a cubin as text (SASS)."""
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        done = subprocess.run([_nvdisasm(), "-c", file.name], capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"nvdisasm cannot read this cubin: {done.stderr.strip()}")
    return done.stdout


def resident_blocks(capability: int, registers: int, shared_bytes: int, threads: int) -> tuple[int, str]:
    """How many program instances fit on a multiprocessor at a time, and what keeps it from holding more."""
    processor, warps = PROCESSORS[capability], threads // WARP
    registers_of_warp = -(-registers * WARP // REGISTER_UNIT) * REGISTER_UNIT
    limits = {
        "warps": processor.warps // warps,
        "blocks": processor.blocks,
        "registers": processor.registers // registers_of_warp // warps if registers else processor.blocks,
        "shared memory": processor.shared_bytes // (shared_bytes + RESERVED_SHARED_BYTES),
    }
    limit = min(limits, key=lambda name: limits[name])
    return limits[limit], limit


def _by_width(opcodes: Iterable[str], name: str) -> dict[int, int]:
    """Number of instructions `name` by width in bits: the modifier says it, and 32 is not said."""
    widths = {"128": 128, "64": 64, "U16": 16, "S16": 16, "U8": 8, "S8": 8}
    found: Counter[int] = Counter()
    for opcode in opcodes:
        first, *modifiers = opcode.split(".")
        if first == name:
            found[next((widths[modifier] for modifier in modifiers if modifier in widths), 32)] += 1
    return dict(sorted(found.items(), reverse=True))


def _widths(counts: Mapping[int, int]) -> str:
    return " + ".join(f"{count} x {width} bit" for width, count in counts.items())


def _nvdisasm() -> Path:
    spec = importlib.util.find_spec("triton")
    if spec is None or spec.origin is None:
        raise RuntimeError("Reading machine code needs triton, which carries nvdisasm: pip install triton")
    return Path(spec.origin).parent / "backends" / "nvidia" / "bin" / "nvdisasm"
