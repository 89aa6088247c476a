"""How the outside reaches the use cases: HTTP and WebSocket, gRPC, the command line."""
