"""The MCP server: the same words as the Python API, spoken to assistants over stdio."""
