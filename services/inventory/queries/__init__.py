"""The read side of inventory: SQL to response models, one module per noun."""
