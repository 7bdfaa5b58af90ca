"""How mail leaves the house."""
