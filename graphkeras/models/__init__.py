"""Models: Sequential, functional and subclassed."""
