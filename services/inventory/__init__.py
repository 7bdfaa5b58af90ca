"""Inventory: what a company has in stock, and what of it is promised to which order."""
