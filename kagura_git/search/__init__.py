"""Finding records by words and by meaning. Everything this floor stores is derived."""
