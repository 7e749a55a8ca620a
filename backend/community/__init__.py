"""Tools that others wrote for LangChain, as tools of this server."""
