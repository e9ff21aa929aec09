"""One module a kind of figure: its arguments, its traits, and its still drawing."""
