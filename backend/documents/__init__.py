"""Documents: reading, chunking, embedding, indexing and searching what people upload."""
