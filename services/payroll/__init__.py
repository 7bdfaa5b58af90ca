"""Payroll: the people of a company. Pay itself comes later, through this department's own API."""
