"""OpenAI's shapes for the document this server gives of itself; no request is read by them.

They are loaded when the document is made: see `backend.models.shown`. Specification:
https://github.com/openai/openai-openapi
"""
