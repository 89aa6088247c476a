"""REST and WebSocket, on Litestar."""
