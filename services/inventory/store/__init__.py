"""The SQL of inventory's write side, one module per noun; every statement takes a batch."""
