"""The SQL of the write side, by use case. Every function takes a batch and runs one statement."""
