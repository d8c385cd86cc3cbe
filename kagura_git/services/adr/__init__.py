"""Decisions in and out: read from the files that teams write them in, and written as such."""
