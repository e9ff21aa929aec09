"""Living figures: pictures that the reader moves, in the plain page and in JupyterLab."""
