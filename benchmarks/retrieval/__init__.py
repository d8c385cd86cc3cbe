"""How well search finds, on sets in BEIR's form that are no part of this repository."""
