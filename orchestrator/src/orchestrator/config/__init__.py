"""The configuration file: loading, checking, defaults. The only home of YAML and pydantic settings."""
