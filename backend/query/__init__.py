"""SQL engines: tables in files, databases by address, and the guard both stand behind."""
