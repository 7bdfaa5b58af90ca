"""The SQL of payroll's write side, one module per topic. Every statement takes a whole batch."""
