"""Ollama as a model provider: `provider` streams, `control` asks about models."""
