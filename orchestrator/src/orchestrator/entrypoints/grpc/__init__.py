"""The gRPC API orchestrator.v1. The only home of grpc."""
