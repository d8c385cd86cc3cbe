"""Records as files: codec, schemas, the work tree's store, working memory, journal."""
