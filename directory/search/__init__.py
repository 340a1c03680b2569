"""Finding people: folding, the index, ranking, and who finds by what."""
