"""Stack traces met again, and which of them are one error."""
