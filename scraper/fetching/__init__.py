"""The parts of fetch.py: who may be dialled, how often, what may be read of an answer."""
