"""The read side of documents: SQL to response models, by noun."""
