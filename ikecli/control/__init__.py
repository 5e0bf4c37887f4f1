"""Typed requests and replies between sessions and an appliance, and the socket they travel on."""
