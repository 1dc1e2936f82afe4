"""Algebraic rules, one theme a file. Each rule reads as an equation; `compiler.passes.simplify` applies them all.

What a rule may change of the numbers: nothing, or, where it is declared with ``rounds=True``, the last bits. The sign of a
zero is not part of a number here: no two targets agree on it anyway. NaN and infinities are.
"""

from ... import ops as ops  # rules are written with ops: all must be registered
