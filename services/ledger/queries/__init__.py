"""The read side: SQL to what the API answers. Amounts leave as decimal strings with their currency beside them.

A reading connection sees one company alone (row-level security). Queries by another key than a primary one do not name
the company again: on a table without statistics that would make the primary key look as good as the right index.
"""
