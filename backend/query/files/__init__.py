"""Tables in files, queried by DuckDB in child processes that see those files and nothing else."""
