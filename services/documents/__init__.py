"""Documents: every paper that leaves the house, on file from the moment its facts are known."""
