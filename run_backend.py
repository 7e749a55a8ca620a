"""Starts the server: the API, and the web chat at /."""

from __future__ import annotations

import sys

from backend.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
