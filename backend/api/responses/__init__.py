"""OpenAI's Responses over the turns of this server: reading requests, writing answers and streams."""
