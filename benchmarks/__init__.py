"""What docs/benchmarks.md is made from: `python -m benchmarks` measures both connectors beside bare loops."""
