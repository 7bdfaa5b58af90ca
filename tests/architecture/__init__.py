"""The rules of the house, each kept by a test, and each test shown to bite."""
