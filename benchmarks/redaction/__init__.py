"""Labelled set and figures of secret redaction: ``python -m benchmarks.redaction``."""
