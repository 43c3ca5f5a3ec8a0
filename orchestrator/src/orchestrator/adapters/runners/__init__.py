"""Runs connectors: in warm forked processes, in containers, or in an Airbyte instance."""
