"""The read side of payroll: SQL to response models, one module per topic."""
