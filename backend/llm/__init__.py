"""Model providers, one file each; every one implements `ports.models.ModelProvider`."""
