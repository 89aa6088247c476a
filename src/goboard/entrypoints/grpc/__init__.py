"""The gRPC transport: grpclib's HTTP/2, betterproto's types and service base, protobuf's own codec."""
