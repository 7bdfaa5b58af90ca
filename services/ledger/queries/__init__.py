"""The read side: SQL to what the API answers. Amounts leave as decimal strings with their currency beside them."""
