"""File system: paths and files of an untrusted work tree."""
