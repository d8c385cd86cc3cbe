"""Configuration: the environment and import path that the process may use."""
