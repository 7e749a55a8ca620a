"""Wire shapes of requests and answers, imported by the API alone."""
