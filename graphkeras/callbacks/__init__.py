"""Callbacks: what happens between batches and epochs."""
