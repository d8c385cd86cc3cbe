"""Language models: what a call costs, whether it may be made, and making it."""
