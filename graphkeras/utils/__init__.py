"""Small helpers that users call."""
