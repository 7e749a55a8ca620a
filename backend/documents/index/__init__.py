"""One index per user: lexical and dense, caches of what the database holds."""
