"""Settings become a running server: the only package that names concrete classes."""
