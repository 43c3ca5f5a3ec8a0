"""Use cases, one verb per module. They know ports, never adapters."""
