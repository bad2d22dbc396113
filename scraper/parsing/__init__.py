"""The parts of parse.py: one module per kind of document, and the processes that documents are read in."""
