"""`keras.export`: files for inference without graphkeras."""

from .saving.export_archive import ExportArchive as ExportArchive

__all__ = ["ExportArchive"]
