"""Shapes of secrets: each module finds one family of them in a normalized text."""
