"""Programs and boards with measured cycles, priced again."""
