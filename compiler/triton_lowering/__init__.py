"""Graph to Triton program."""
