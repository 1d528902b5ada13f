"""Pages of the reference that are made from the code: markdown() of each module is one part."""
