"""What the use cases need from outside, as Protocols; tests/contract holds every adapter to them."""
