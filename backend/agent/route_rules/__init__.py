"""The hand-set rules that read a request and weigh its route; the route itself is decided in agent/routing.py."""
