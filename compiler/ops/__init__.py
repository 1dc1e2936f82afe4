"""The operations. Each file holds one family; each class holds all that is known about one op."""
