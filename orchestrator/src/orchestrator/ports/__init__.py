"""What services need of the outside world, as protocols; adapters implement them, one conformance suite each."""
