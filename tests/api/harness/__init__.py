"""What `tests/api/run` is made of: scripts of HTTP requests, sent to an API server and compared with its answers."""
