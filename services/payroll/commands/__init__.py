"""Everything payroll can be asked to do, one module per topic."""
