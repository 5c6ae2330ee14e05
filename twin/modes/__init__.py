"""Failure modes: the object, the ports, the hooks and the plugin manager."""
