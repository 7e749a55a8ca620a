"""Tool calls that language models write as text: finding, reading and hiding them.

Start at `parse.py` (a whole reply) or `gate.py` (a streamed one). Not for running tools, not for
validating arguments against a schema, and not for providers that return calls as data.
"""
