"""Pure decisions of inventory: values in, decision out. Quantities are whole millionths of a unit."""
