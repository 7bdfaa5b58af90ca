"""Pay as pure rules: what a person earns in a month, what is withheld, and how each amount came about.

Amounts are whole minor units (cents); rates are exact fractions. Nothing here reads a clock, a file or a table.
"""
