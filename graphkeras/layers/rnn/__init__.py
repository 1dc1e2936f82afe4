"""Recurrent layers and what belongs to them."""
