"""What happens for each command, one module per use case: lock, decide, write, emit."""
