"""Reads public web pages as text: fetching (`kit.public_http`), robots.txt, a child that parses, a cache."""
