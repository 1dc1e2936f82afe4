"""`with_gradient`: values whose derivative somebody has written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ..bodies import inlined
from ..graph import Graph, Value
from ..registry import ops
from ..types import TensorType
from .base import REQUIRED, Arg, Composite, Sample
from .body_rules import as_tuple, filled_in


class WithGradient(Composite):
    """y = the first `results` operands; its gradients by the next `arguments` operands are what `gradient` says

    `gradient` is a body: it takes the gradients of y and all further operands, and gives the gradients of the arguments. How
    the first operands depend on the arguments does not count.
    """

    name = "with_gradient"
    attributes: ClassVar[Mapping[str, Any]] = {"gradient": REQUIRED, "results": REQUIRED, "arguments": REQUIRED}

    def infer(self, *types: TensorType, gradient: Graph, results: int, arguments: int) -> tuple[TensorType, ...]:
        wanted = (*types[:results], *types[results + arguments :])
        read = tuple(value.type for value in gradient.inputs)
        if wanted != read:
            raise ValueError(
                f"with_gradient: the gradient reads {', '.join(map(str, read)) or 'nothing'}: the gradients of the {results} "
                f"results and what it needs further; the operands besides the {arguments} arguments are "
                f"{', '.join(map(str, wanted)) or 'none'}."
            )
        expected = types[results : results + arguments]
        found = tuple(value.type for value in gradient.outputs)
        if found != expected:
            raise ValueError(
                f"with_gradient: the gradients must have the types of the arguments, {', '.join(map(str, expected))}, "
                f"got {', '.join(map(str, found))}."
            )
        return types[:results]

    def expand(self, *operands: Any, gradient: Graph, results: int, arguments: int) -> Any:
        return operands[0] if results == 1 else operands[:results]

    def vjp(
        self, grad: Any, out: Any, *operands: Any, gradient: Graph, results: int, arguments: int
    ) -> tuple[Value | None, ...]:
        upstream = [filled_in(one, value.type) for one, value in zip(as_tuple(grad), operands[:results], strict=True)]
        rest = operands[results + arguments :]
        slopes = inlined(gradient, [*upstream, *rest])
        return (*(None,) * results, *slopes, *(None,) * len(rest))

    def samples(self) -> Iterator[Sample]:
        """The stated gradient is that of another function on purpose, so that no finite differences are taken."""
        seed, x = Value(TensorType((2, 3)), "seed"), Value(TensorType((2, 3)), "x")
        gradient = Graph.of([seed, x], [ops.multiply(seed, ops.sin(x))], name="gradient")
        args = (Arg((2, 3)), Arg((2, 3)), Arg((2, 3)))
        yield Sample(args, {"gradient": gradient, "results": 1, "arguments": 1}, differentiable=())
