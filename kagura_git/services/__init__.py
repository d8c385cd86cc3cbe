"""The verbs, one file a subject."""
