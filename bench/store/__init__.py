"""Loads on Redis itself, and on it through goboard's library: the store's ceiling, and what the library makes of it."""
