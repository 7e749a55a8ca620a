"""One file per noun; every module here that has a `router` is mounted."""
