"""Whether the addresses of sources and documents still answer."""
