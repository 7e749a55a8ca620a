"""One file per step of the schema, named for its revision; written by hand, never changed later."""
