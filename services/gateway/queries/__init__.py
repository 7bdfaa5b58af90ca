"""The read side: SQL in, answers out. Nothing here writes."""
