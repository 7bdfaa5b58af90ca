"""The SQL of the write side, by noun. Every statement takes a whole batch."""
