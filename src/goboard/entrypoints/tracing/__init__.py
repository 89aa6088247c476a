"""Traces of requests, by OpenTelemetry, which is an extra: `otel.py` alone imports it, and only where it is wanted."""
