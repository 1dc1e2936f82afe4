"""`graphkeras-dump`: what a model costs, and its graph at every stage of compilation, as text."""

from .command import main as main
