"""`ExportArchive`: several functions of a model as files for inference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .. import tree
from ..call_context import outside_of_calls
from ..layers.layer import Layer
from ..tensor import KerasTensor
from ..trace import Trace
from ..tracing import StaticFunction
from ..variable import Variable
from .export import onnx_file, placeholder, unique
from .files import replacing
from .saving_api import PathLike


class ExportArchive:
    """A folder with an ``.onnx`` file for every endpoint: a function of tensors, with the weights that it reads inside.

    Keras writes a TensorFlow SavedModel here; graphkeras writes ONNX, which any onnxruntime runs.

    Example:

    ```python
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", model.call, [keras.InputSpec(shape=(None, 3), dtype="float32")])
    archive.write_out("folder")   # folder/serve.onnx
    ```
    """

    def __init__(self) -> None:
        self._tracked: list[Any] = []
        self._endpoints: dict[str, tuple[Trace, list[KerasTensor], list[str]]] = {}

    def track(self, resource: Any) -> None:
        """Count the variables of a layer or model as the archive's. Endpoints know what they read, tracked or not.

        Raises:
            ValueError: for something else.
        """
        if not isinstance(resource, Layer):
            raise ValueError(f"ExportArchive.track takes a layer or a model, got {type(resource).__name__}.")
        if not resource.built:
            raise ValueError(f"ExportArchive.track: {resource.name!r} is not built yet: call it on data, or build it, first.")
        self._tracked.append(resource)

    @property
    def variables(self) -> list[Variable]:
        """The variables of everything that is tracked."""
        return list({id(v): v for resource in self._tracked for v in resource.variables}.values())

    @property
    def trainable_variables(self) -> list[Variable]:
        return [variable for variable in self.variables if variable.trainable]

    @property
    def non_trainable_variables(self) -> list[Variable]:
        return [variable for variable in self.variables if not variable.trainable]

    def add_endpoint(
        self, name: str, fn: Callable[..., Any], input_signature: Sequence[Any] | None = None, **kwargs: Any
    ) -> StaticFunction:
        """Add a function of tensors.

        Args:
            name: the name of the file, without ``.onnx``.
            fn: takes a tensor, or a structure of them, for each item of the signature; may read variables.
            input_signature: its arguments, each an `InputSpec` or `KerasTensor`, or a structure of them; None for sizes that
                stay open. The inputs of the file have the names of these.

        Returns:
            The function, compiled.

        Raises:
            ValueError: for a name that is taken or no file's name, no signature, or sizes that do not fit the function.
        """
        if kwargs:
            raise TypeError(
                f"ExportArchive.add_endpoint: unknown arguments {', '.join(kwargs)}; they are for TensorFlow and JAX."
            )
        if name in self._endpoints:
            raise ValueError(f"ExportArchive: there is an endpoint {name!r} already.")
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(f"ExportArchive: an endpoint's name consists of letters, digits and '_', got {name!r}.")
        if not input_signature:
            raise ValueError(
                f"ExportArchive: endpoint {name!r} needs input_signature, such as "
                "[keras.InputSpec(shape=(None, 3), dtype='float32')]."
            )
        specs = tree.flatten(list(input_signature))
        names = unique([getattr(spec, "name", None) or f"input_{k}" for k, spec in enumerate(specs)])
        left = iter(names)
        with Trace() as trace, outside_of_calls():
            inputs = tree.map_structure(lambda spec: placeholder(trace, spec, next(left)), list(input_signature))
            outputs = [leaf for leaf in tree.flatten(fn(*inputs)) if isinstance(leaf, KerasTensor)]
        if not outputs:
            raise ValueError(f"ExportArchive: endpoint {name!r} returns no tensor that depends on its inputs.")
        self._endpoints[name] = (trace, outputs, names)
        return StaticFunction(fn, name)

    def track_and_add_endpoint(self, name: str, resource: Any, input_signature: Sequence[Any], **kwargs: Any) -> StaticFunction:
        """`track` and `add_endpoint` of a layer or model."""
        self.track(resource)
        return self.add_endpoint(name, resource.__call__, input_signature, **kwargs)

    def add_variable_collection(self, name: str, variables: Any) -> None:
        """Not in ONNX: a file holds the variables that its endpoint reads."""
        raise NotImplementedError(
            f"ExportArchive.add_variable_collection({name!r}): ONNX files have no named collections of variables; each file "
            "holds the weights that its endpoint reads."
        )

    def write_out(self, filepath: PathLike, options: Any = None, verbose: bool = True) -> None:
        """Write ``<endpoint>.onnx`` for every endpoint into the folder, which is made. Each file appears as a whole.

        Raises:
            ValueError: without an endpoint.
            NotImplementedError: for an op that ONNX has no form of; names it, its layer and its line. Nothing is written.
        """
        if options is not None:
            raise ValueError("ExportArchive.write_out: options are TensorFlow's, they must be None.")
        if not self._endpoints:
            raise ValueError("ExportArchive.write_out: there is no endpoint; add one with add_endpoint.")
        contents = {}
        for name, (trace, outputs, names) in self._endpoints.items():
            output_names = ["output"] if len(outputs) == 1 else [f"output_{k}" for k in range(len(outputs))]
            graph = trace.graph([leaf.value for leaf in outputs], name, unique([*names, *output_names])[len(names) :])
            contents[name] = onnx_file(graph, trace.slots(), trace.host_program())
        folder = Path(filepath)
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            with replacing(folder / f"{name}.onnx") as temporary:
                temporary.write_bytes(content)
            if verbose:
                print(f"{folder / name}.onnx: {len(content):,} bytes.")
