"""What the use cases need from outside, as Protocols. The contract suite in tests/contract holds every adapter to them."""
