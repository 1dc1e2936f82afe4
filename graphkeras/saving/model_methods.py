"""What every model can do with files: `save`, `save_weights`, `load_weights`, `to_json`, `export`."""

from __future__ import annotations

from typing import Any

from ..tracebacks import filtered
from . import export as _export
from . import saving_api
from .saving_api import PathLike


class SavingMethods:
    """Mixed into `Model`."""

    @filtered
    def save(
        self,
        filepath: PathLike,
        overwrite: bool = True,
        zipped: bool | None = None,
        include_optimizer: bool = True,
        save_format: str | None = None,
    ) -> None:
        """Write the whole model to a ``.keras`` or ``.h5`` file, or a folder. See `graphkeras.saving.save_model`."""
        saving_api.warn_of_format(save_format)
        saving_api.save_model(self, filepath, overwrite, zipped, include_optimizer)

    @filtered
    def save_weights(self, filepath: PathLike, overwrite: bool = True, max_shard_size: float | None = None) -> None:
        """Write the weights to a ``.weights.h5`` file, or to several. See `graphkeras.saving.save_weights`."""
        saving_api.save_weights(self, filepath, overwrite, max_shard_size)

    @filtered
    def load_weights(self, filepath: PathLike, by_name: bool = False, skip_mismatch: bool = False) -> None:
        """Take the weights of a file that `save_weights` or `save` wrote. See `graphkeras.saving.load_weights`."""
        saving_api.load_weights(self, filepath, by_name, skip_mismatch)

    def to_json(self, **kwargs: Any) -> str:
        """The model without weights as JSON text; `graphkeras.models.model_from_json` reads it."""
        return saving_api.to_json(self, **kwargs)

    @filtered
    def export(
        self,
        filepath: PathLike,
        format: str = "onnx",
        verbose: bool = False,
        opset_version: int = 18,
        input_signature: Any = None,
        training: bool = False,
    ) -> None:
        """Write a file that any onnxruntime runs, or with `training` trains. See `graphkeras.saving.export.export_model`."""
        _export.export_model(self, filepath, format, verbose, opset_version, input_signature, training)
