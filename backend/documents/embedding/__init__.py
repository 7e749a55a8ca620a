"""One embedder per file, behind `ports.embedding.Embedder`."""
