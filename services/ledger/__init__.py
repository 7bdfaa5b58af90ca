"""The ledger: finance and accounting. Owns companies, accounts, tax codes, invoices, payments and the books."""
