"""The networks of the worked examples: each a screen or two of plain torch, to be read beside its chapter."""
