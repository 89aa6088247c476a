"""What is counted in a worker, and how Prometheus is told of it, for all workers together."""
