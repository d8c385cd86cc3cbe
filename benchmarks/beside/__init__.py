"""Other memories under the same records and questions, for benchmarks/peers.py."""
