"""The history of the schema, applied by Alembic in a process of its own."""
