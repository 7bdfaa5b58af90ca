"""Between the published language and inventory's own words, both ways; one module per noun."""
