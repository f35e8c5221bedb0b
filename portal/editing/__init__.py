"""What makes editing pleasant and safe: help beside fields, near names, addresses, changes to many, saved filters."""
