"""The HTTP face: routes, dependencies, error rendering and the OpenAI translation."""
