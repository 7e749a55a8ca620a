"""SQL over the tables in files, and over databases that an administrator named."""
