"""A business day of a front office, sent through the gateway, and what became of it."""
