"""Mathematics from text: an own parser, a whitelist of functions, and SymPy as the engine behind it."""
