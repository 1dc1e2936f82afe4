"""Recurrent layers as whole ops: `simple_rnn`, `lstm`, `gru`.

In an inference graph they stay whole for ONNX, which has the same operators. Elsewhere they are a `scan`, before which the
inputs of all time steps are multiplied with the kernel at once. With `residuals` they give all that their gradient reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..autodiff import gradients
from ..dims import DimLike
from ..emitter import Emitter
from ..graph import Graph, Node, Value, topological
from ..registry import ops
from ..types import FLOATS, TensorType, numpy_dtype, shape_text
from .base import Arg, Composite, Sample, same_dtype
from .body_rules import as_tuple
from .elementwise import BATCH, LENGTH, check_dtype
from .recurrent_gradient import Before, Kept, backward_loop, shifted, summed_product, through, with_passing
from .recurrent_onnx import ACTIVATIONS as ONNX_ACTIVATIONS
from .recurrent_onnx import WeightLayout, emit_recurrent
from .scan_gradient import offering

#: The activations that these ops know by name.
ACTIVATIONS: Mapping[str, Callable[[Any], Any]] = {
    "tanh": lambda x: ops.tanh(x),
    "sigmoid": lambda x: ops.sigmoid(x),
    "relu": lambda x: ops.relu(x),
    "softplus": lambda x: ops.softplus(x),
    "softsign": lambda x: ops.divide(x, ops.add(ops.abs(x), 1.0)),
    "hard_sigmoid": lambda x: ops.clip(ops.add(ops.multiply(x, 1 / 6), 0.5), low=0.0, high=1.0),
    "linear": lambda x: x,
}


class Recurrent(Composite):
    """What the three have in common.

    Operands: x (batch, time, features), the initial states (batch, units), kernel (features, gates * units), recurrent kernel
    (units, gates * units), then, if the attributes say so, bias and mask (bool, (batch, time)). Where the mask is False, the
    states stay, and the output is the first state.

    Results: the outputs (batch, time, units) and the last states; with `residuals` then what each step has kept, time first.
    `reverse` goes from the last time step to the first; outputs stay at their places.
    """

    attributes: ClassVar[Mapping[str, Any]] = {
        "activation": "tanh",
        "biased": True,
        "masked": False,
        "reverse": False,
        "residuals": False,
    }
    states: ClassVar[int] = 1
    gates: ClassVar[int] = 1

    # ---- what each one defines ----------------------------------------------------------------------------------------

    def step(self, states: Sequence[Any], x: Any, weights: Sequence[Any], attrs: Mapping[str, Any]) -> tuple[Any, ...]:
        """The new states, given the input of one time step, already multiplied with the kernel; then what `factors` reads."""
        raise NotImplementedError

    def factors(self, kept: Kept, projected: Any, attrs: Mapping[str, Any]) -> list[Any]:
        """What a backward round multiplies with, for all time steps at once. `projected` is what `step` calls x."""
        raise NotImplementedError

    def backward_round(self, grads: Sequence[Any], factors: Sequence[Any], recurrent: Any) -> Before:
        """One step of `backward_loop`; `recurrent` is transposed."""
        raise NotImplementedError

    def slopes_of_products(self, stacked: Sequence[Any], factors: Sequence[Any]) -> tuple[Any, Any]:
        """The gradients of x @ kernel and of h @ recurrent, of all time steps, given what the rounds stacked."""
        return stacked[0], stacked[0]

    def is_written_down(self, attrs: Mapping[str, Any]) -> bool:
        """Whether `factors` and `backward_round` are for these attributes; others have the gradient of the loop."""
        return True

    def bias_gradient(self, of_input: Any, of_state: Any, attrs: Mapping[str, Any]) -> Any:
        """Given the gradients of both products."""
        return ops.sum(of_input, axis=(0, 1))

    def step_weights(self, recurrent: Any, bias: Any | None, attrs: Mapping[str, Any]) -> list[Any]:
        """What every time step reads."""
        return [recurrent]

    def input_bias(self, bias: Any, attrs: Mapping[str, Any]) -> Any:
        """What is added to the inputs of all time steps."""
        return bias

    def bias_shape(self, units: DimLike, attrs: Mapping[str, Any]) -> tuple[DimLike, ...]:
        return (units * self.gates,)

    # ---- what they share ----------------------------------------------------------------------------------------------

    def infer(self, *types: TensorType, **attrs: Any) -> tuple[TensorType, ...]:
        expected = 3 + self.states + attrs["biased"] + attrs["masked"]
        if len(types) != expected:
            raise TypeError(f"{self.name} takes {expected} operands, got {len(types)}.")
        for name in ("activation", "recurrent_activation"):
            if name in attrs and attrs[name] not in ACTIVATIONS:
                raise ValueError(f"{self.name}: {name} must be one of {', '.join(ACTIVATIONS)}, got {attrs[name]!r}.")
        floats = types[: -1 if attrs["masked"] else None]
        check_dtype(self, same_dtype(self, floats), FLOATS)
        x, first = types[:2]
        if x.ndim != 3 or first.ndim != 2:
            raise ValueError(
                f"{self.name}: x must have axes (batch, time, features) and a state (batch, units), "
                f"got {shape_text(x.shape)} and {shape_text(first.shape)}."
            )
        (batch, time, features), units = x.shape, first.shape[1]
        wide = units * self.gates
        wanted: list[tuple[DimLike, ...]] = [*((batch, units),) * self.states, (features, wide), (units, wide)]
        wanted += [self.bias_shape(units, attrs)] if attrs["biased"] else []
        wanted += [(batch, time)] if attrs["masked"] else []
        names = (
            [*("state",) * self.states, "kernel", "recurrent kernel"] + ["bias"] * attrs["biased"] + ["mask"] * attrs["masked"]
        )
        for name, type_, shape in zip(names, types[1:], wanted, strict=True):
            if type_.shape != shape:
                raise ValueError(
                    f"{self.name}: the {name} must have shape {shape_text(shape)} for x {shape_text(x.shape)} and {units} "
                    f"units, got {shape_text(type_.shape)}."
                )
        if attrs["masked"] and types[-1].dtype != "bool":
            raise TypeError(f"{self.name}: the mask must be bool, got {types[-1].dtype}.")
        if attrs["residuals"]:
            return tuple(value.type for value in self._expanded(types, attrs)[1])
        return (x.with_shape((batch, time, units)), *(first for _ in range(self.states)))

    def expand(self, x: Any, *operands: Any, **attrs: Any) -> Any:
        states, (kernel, recurrent), rest = operands[: self.states], operands[self.states :][:2], operands[self.states + 2 :]
        bias = rest[0] if attrs["biased"] else None
        projected = ops.matmul(ops.transpose(x, axes=(1, 0, 2)), kernel)
        if bias is not None:
            projected = ops.add(projected, self.input_bias(bias, attrs))
        scanned = [projected]
        if attrs["masked"]:
            scanned.append(ops.expand_dims(ops.transpose(rest[-1], axes=(1, 0)), axis=(2,)))
        weights = self.step_weights(recurrent, bias, attrs)
        body = self._body(states, scanned, weights, attrs)
        if attrs["residuals"] and not self.is_written_down(attrs):
            body = offering(body, self.states)
        made = ops.scan(
            *states,
            *scanned,
            *weights,
            body=body,
            carries=self.states,
            sequences=len(scanned),
            length=x.type.shape[1],
            reverse=attrs["reverse"],
        )
        outputs = ops.transpose(made[self.states], axes=(1, 0, 2))
        return (outputs, *made, projected) if attrs["residuals"] else (outputs, *made[: self.states])

    def _body(
        self, states: Sequence[Value], scanned: Sequence[Value], weights: Sequence[Value], attrs: Mapping[str, Any]
    ) -> Graph:
        """One time step."""
        before = [Value(state.type, f"state_{k}") for k, state in enumerate(states)]
        slices = [Value(x.type.with_shape(x.type.shape[1:]), name) for x, name in zip(scanned, ("x", "mask"))]
        inner = [Value(weight.type, f"weight_{k}") for k, weight in enumerate(weights)]
        made = self.step(before, slices[0], inner, attrs)
        after, kept = made[: self.states], made[self.states :]
        if attrs["masked"]:
            after = tuple(ops.where(slices[1], new, old) for new, old in zip(after, before, strict=True))
        further = [*after[1:], *kept] if attrs["residuals"] and self.is_written_down(attrs) else []
        return Graph.of([*before, *slices, *inner], [*after, after[0], *further], name=f"{self.name}_step")

    def vjp(self, grad: Any, out: Any, *inputs: Any, **attrs: Any) -> tuple[Value | None, ...]:
        """The gradient that is written down, if it is, and if it is one of results that everybody sees (second derivatives are
        of others, too); else those of the expanded form. Both read what this node has kept."""
        if not attrs["residuals"]:
            return super().vjp(grad, out, *inputs, **attrs)
        if self.is_written_down(attrs) and not any(one is not None for one in grad[1 + self.states :]):
            return self._written_gradient(grad, out, inputs, attrs)
        stand_ins, outputs = self._expanded([value.type for value in inputs], attrs)
        seeds = {output: Value(output.type) for output, one in zip(outputs, grad, strict=True) if one is not None}
        found = gradients(list(seeds), stand_ins, list(seeds.values()))
        new: dict[Value, Value] = dict(zip([*stand_ins, *outputs], [*inputs, *out], strict=True))
        new.update((seed, one) for seed, one in zip(seeds.values(), (one for one in grad if one is not None), strict=True))
        kept = {id(value.node) for value in outputs}
        for node in topological([value for value in found if value is not None], kept):
            copy = node.with_operands([new.get(value, value) for value in node.inputs])
            new.update(zip(node.outputs, copy.outputs, strict=True))
        return tuple(None if value is None else new.get(value, value) for value in found)

    def _written_gradient(
        self, grad: Sequence[Any], out: Sequence[Any], operands: Sequence[Any], attrs: Mapping[str, Any]
    ) -> tuple[Value | None, ...]:
        x, states, (kernel, recurrent) = operands[0], operands[1 : 1 + self.states], operands[1 + self.states :][:2]
        after, read = tuple(out[1 + self.states :][: self.states]), tuple(out[1 + 2 * self.states : -1])
        before = tuple(shifted(first, state, attrs["reverse"]) for first, state in zip(states, after))
        mask = None
        if attrs["masked"]:
            mask = ops.cast(ops.expand_dims(ops.transpose(operands[-1], axes=(1, 0)), axis=(2,)), dtype=x.type.dtype)
        kept = Kept(before, after, read, mask)
        factors = self.factors(kept, out[-1], attrs)
        grad_outputs = None if grad[0] is None else ops.transpose(grad[0], axes=(1, 0, 2))
        of_states, stacked = backward_loop(
            self.backward_round,
            factors,
            recurrent,
            kept,
            grad_outputs,
            grad[1 : 1 + self.states],
            attrs["reverse"],
            f"{self.name}_step",
        )
        of_input, of_state = self.slopes_of_products(stacked, factors)
        of_x = ops.transpose(ops.matmul(of_input, ops.transpose(kernel, axes=(1, 0))), axes=(1, 0, 2))
        of_kernel = summed_product(ops.transpose(x, axes=(1, 0, 2)), of_input)
        of_recurrent = summed_product(before[0], of_state)
        of_bias = [self.bias_gradient(of_input, of_state, attrs)] if attrs["biased"] else []
        return (of_x, *of_states, of_kernel, of_recurrent, *of_bias, *([None] if attrs["masked"] else []))

    def trimmed(self, node: Node, used: Sequence[bool]) -> Sequence[Value | None] | None:
        results = 1 + self.states
        if not node.attrs["residuals"] or any(used[results:]):
            return None
        made = as_tuple(self(*node.inputs, **{**node.attrs, "residuals": False}))
        return [*made, *(None,) * (len(used) - results)]

    def stays_whole(self, node: Node, rule: str) -> bool:
        """For ONNX, if nothing of the time steps is wanted and its operator has the activations."""
        attrs = node.attrs
        plain = not attrs["residuals"] and not attrs["masked"] and node.inputs[0].type.dtype == "float32"
        return rule == "onnx" and plain and all(name in ONNX_ACTIVATIONS for name in self.activations(attrs))

    def activations(self, attrs: Mapping[str, Any]) -> list[str]:
        """In the order in which ONNX names them."""
        return [attrs["activation"]]

    onnx_operator: ClassVar[str] = ""
    layout: ClassVar[WeightLayout] = WeightLayout()

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> tuple[str, ...]:
        return emit_recurrent(
            emit,
            node,
            inputs,
            self.onnx_operator,
            self.layout,
            self.states,
            self.activations(node.attrs),
            self.onnx_attributes(node),
        )

    def onnx_attributes(self, node: Node) -> dict[str, Any]:
        return {}

    def flops(self, node: Node) -> DimLike:
        """Of the products; what is done for each element comes on top and is small."""
        batch, time, features = node.inputs[0].type.shape
        units = node.inputs[1].type.shape[1]
        return batch * time * (features + units) * units * self.gates * 2

    def samples(self) -> Iterator[Sample]:
        shapes: tuple[tuple[DimLike, ...], ...] = ((2, 3, 5), (BATCH, LENGTH, 3), (3, 1, 2))
        for number, shape in enumerate(shapes):
            for reverse in (False, True):
                yield self._sample(shape, 4, {"reverse": reverse, "biased": number != 1})
        yield self._sample((2, 3, 5), 4, {"residuals": True})
        yield self._sample((BATCH, 4, 3), 2, {"residuals": True, "masked": True, "reverse": True})
        yield self._sample((2, 3, 5), 2, {"activation": "softsign", "biased": False})

    def _sample(self, shape: tuple[DimLike, ...], units: int, attrs: Mapping[str, Any]) -> Sample:
        attrs = {**self.attributes, **attrs}
        batch, time, features = shape
        args = [Arg(shape), *(Arg((batch, units)),) * self.states, Arg((features, units * self.gates), low=-1.0, high=1.0)]
        args.append(Arg((units, units * self.gates), low=-1.0, high=1.0))
        args += [Arg(self.bias_shape(units, attrs), low=-1.0, high=1.0)] if attrs["biased"] else []
        args += [Arg((batch, time), "bool")] if attrs["masked"] else []
        return Sample(tuple(args), attrs)


class SimpleRNN(Recurrent):
    """h = activation(x @ kernel + bias + h @ recurrent)"""

    name, onnx_operator = "simple_rnn", "RNN"

    def step(self, states: Sequence[Any], x: Any, weights: Sequence[Any], attrs: Mapping[str, Any]) -> tuple[Any, ...]:
        z = ops.add(x, ops.matmul(states[0], weights[0]))
        return ACTIVATIONS[attrs["activation"]](z), z

    def factors(self, kept: Kept, projected: Any, attrs: Mapping[str, Any]) -> list[Any]:
        (z,) = kept.read
        ones = ops.broadcast_to(ops.constant(value=np.ones((), numpy_dtype(z.type.dtype))), shape=z.type.shape)
        return [kept.counting(through(ACTIVATIONS[attrs["activation"]], z, ones)), *kept.passing]

    def backward_round(self, grads: Sequence[Any], factors: Sequence[Any], recurrent: Any) -> Before:
        slope = ops.multiply(grads[0], factors[0])
        return [with_passing(ops.matmul(slope, recurrent), grads[0], factors[1:])], [slope]


class LSTM(Recurrent):
    """i, f, g, o = split(x @ kernel + bias + h @ recurrent); c = s(f) * c + s(i) * a(g); h = s(o) * a(c)

    with the activation a and the recurrent activation s; the states are h and c.
    """

    name, onnx_operator = "lstm", "LSTM"
    attributes: ClassVar[Mapping[str, Any]] = {**Recurrent.attributes, "recurrent_activation": "sigmoid"}
    states, gates = 2, 4
    layout = WeightLayout(order=(0, 3, 1, 2))  # ONNX has i, o, f, g

    def step(self, states: Sequence[Any], x: Any, weights: Sequence[Any], attrs: Mapping[str, Any]) -> tuple[Any, ...]:
        h, c = states
        activation, gate = ACTIVATIONS[attrs["activation"]], ACTIVATIONS[attrs["recurrent_activation"]]
        z = ops.add(x, ops.matmul(h, weights[0]))
        i, f, n, o = split_columns(z, 4)
        c = ops.add(ops.multiply(gate(f), c), ops.multiply(gate(i), activation(n)))
        return ops.multiply(gate(o), activation(c)), c, z

    def factors(self, kept: Kept, projected: Any, attrs: Mapping[str, Any]) -> list[Any]:
        """Of the gradient of c by that of h, of those of the gates, and of that of c before by that of c."""
        activation, gate = ACTIVATIONS[attrs["activation"]], ACTIVATIONS[attrs["recurrent_activation"]]
        before, c, (z,) = kept.before[1], kept.after[1], kept.read
        i, f, n, o = split_columns(z, 4)
        gates = [
            through(gate, i, activation(n)),
            through(gate, f, before),
            through(activation, n, gate(i)),
            through(gate, o, activation(c)),
        ]
        of_cell = kept.counting(through(activation, c, gate(o)))
        return [of_cell, kept.counting(ops.concatenate(*gates, axis=2)), kept.staying(gate(f)), *kept.passing]

    def backward_round(self, grads: Sequence[Any], factors: Sequence[Any], recurrent: Any) -> Before:
        h, (of_cell, of_gates, carried_on, *passing) = grads[0], factors
        c = ops.add(grads[1], ops.multiply(h, of_cell))
        slope = ops.multiply(ops.concatenate(c, c, c, h, axis=1), of_gates)
        return [with_passing(ops.matmul(slope, recurrent), h, passing), ops.multiply(c, carried_on)], [slope]

    def activations(self, attrs: Mapping[str, Any]) -> list[str]:
        return [attrs["recurrent_activation"], attrs["activation"], attrs["activation"]]


class GRU(Recurrent):
    """z, r = s(split(x @ kernel + h @ recurrent)); n = a(x @ kernel + r * (h @ recurrent)); h = z * h + (1 - z) * n

    with the activation a and the recurrent activation s. The kernels hold the columns of z, r, n. With `reset_after` the bias
    has two rows, for x and for h; without, r is multiplied with h before the product, and the bias has one row.
    """

    name, onnx_operator = "gru", "GRU"
    attributes: ClassVar[Mapping[str, Any]] = {
        **Recurrent.attributes,
        "recurrent_activation": "sigmoid",
        "reset_after": True,
    }
    gates = 3

    def bias_shape(self, units: DimLike, attrs: Mapping[str, Any]) -> tuple[DimLike, ...]:
        return (2, units * 3) if attrs["reset_after"] else (units * 3,)

    def input_bias(self, bias: Any, attrs: Mapping[str, Any]) -> Any:
        return _row(bias, 0) if attrs["reset_after"] else bias

    def step_weights(self, recurrent: Any, bias: Any | None, attrs: Mapping[str, Any]) -> list[Any]:
        if attrs["reset_after"]:
            return [recurrent] if bias is None else [recurrent, _row(bias, 1)]
        units = recurrent.type.shape[0]
        return [columns(recurrent, 0, 2 * units), columns(recurrent, 2 * units, 3 * units)]

    def step(self, states: Sequence[Any], x: Any, weights: Sequence[Any], attrs: Mapping[str, Any]) -> tuple[Any, ...]:
        (h,) = states
        activation, gate = ACTIVATIONS[attrs["activation"]], ACTIVATIONS[attrs["recurrent_activation"]]
        x_z, x_r, x_n = split_columns(x, 3)
        if attrs["reset_after"]:
            product = ops.matmul(h, weights[0])
            product = product if len(weights) == 1 else ops.add(product, weights[1])
            h_z, h_r, h_n = split_columns(product, 3)
            z, r = gate(ops.add(x_z, h_z)), gate(ops.add(x_r, h_r))
            n = activation(ops.add(x_n, ops.multiply(r, h_n)))
            return ops.add(n, ops.multiply(z, ops.subtract(h, n))), product
        else:
            h_z, h_r = split_columns(ops.matmul(h, weights[0]), 2)
            z, r = gate(ops.add(x_z, h_z)), gate(ops.add(x_r, h_r))
            n = activation(ops.add(x_n, ops.matmul(ops.multiply(r, h), weights[1])))
        return (ops.add(n, ops.multiply(z, ops.subtract(h, n))),)

    def is_written_down(self, attrs: Mapping[str, Any]) -> bool:
        return bool(attrs["reset_after"])

    def factors(self, kept: Kept, projected: Any, attrs: Mapping[str, Any]) -> list[Any]:
        """Of the gradients of h @ recurrent by that of h, of h before by that of h, and of the last third of x @ kernel."""
        activation, gate = ACTIVATIONS[attrs["activation"]], ACTIVATIONS[attrs["recurrent_activation"]]
        (h,), (product,) = kept.before, kept.read
        (x_z, x_r, x_n), (h_z, h_r, h_n) = split_columns(projected, 3), split_columns(product, 3)
        at_z, at_r = ops.add(x_z, h_z), ops.add(x_r, h_r)
        z, r = gate(at_z), gate(at_r)
        at_n = ops.add(x_n, ops.multiply(r, h_n))
        of_z = through(gate, at_z, ops.subtract(h, activation(at_n)))
        of_n = through(activation, at_n, ops.subtract(1.0, z))
        gates = [of_z, through(gate, at_r, ops.multiply(of_n, h_n)), ops.multiply(of_n, r)]
        return [kept.counting(ops.concatenate(*gates, axis=2)), kept.staying(z), kept.counting(of_n)]

    def backward_round(self, grads: Sequence[Any], factors: Sequence[Any], recurrent: Any) -> Before:
        (h,), (of_gates, carried_on, _) = grads, factors
        slope = ops.multiply(ops.concatenate(h, h, h, axis=1), of_gates)
        return [ops.add(ops.multiply(h, carried_on), ops.matmul(slope, recurrent))], [slope, h]

    def slopes_of_products(self, stacked: Sequence[Any], factors: Sequence[Any]) -> tuple[Any, Any]:
        of_state, of_h = stacked
        two = columns(of_state, 0, of_state.type.shape[2] // 3 * 2)
        return ops.concatenate(two, ops.multiply(of_h, factors[2]), axis=2), of_state

    def bias_gradient(self, of_input: Any, of_state: Any, attrs: Mapping[str, Any]) -> Any:
        rows = [ops.expand_dims(ops.sum(one, axis=(0, 1)), axis=(0,)) for one in (of_input, of_state)]
        return ops.concatenate(*rows, axis=0)

    def activations(self, attrs: Mapping[str, Any]) -> list[str]:
        return [attrs["recurrent_activation"], attrs["activation"]]

    def onnx_attributes(self, node: Node) -> dict[str, Any]:
        return {"linear_before_reset": int(node.attrs["reset_after"])}

    def samples(self) -> Iterator[Sample]:
        yield from super().samples()
        yield self._sample((2, 3, 5), 4, {"reset_after": False})
        yield self._sample((BATCH, 3, 5), 4, {"reset_after": False, "residuals": True})


def split_columns(x: Value, count: int) -> list[Value]:
    """`count` equal parts of the last axis."""
    width = x.type.shape[-1] // count
    return [columns(x, k * width, (k + 1) * width) for k in range(count)]


def columns(x: Value, start: DimLike, stop: DimLike) -> Value:
    rows = x.type.shape[:-1]
    return ops.slice(x, starts=(*(0 for _ in rows), start), stops=(*rows, stop))  # type: ignore[no-any-return]


def _row(x: Value, k: int) -> Value:
    row = ops.slice(x, starts=(k, 0), stops=(k + 1, x.type.shape[1]))
    return ops.squeeze(row, axis=(0,))  # type: ignore[no-any-return]
