"""The parts of clean.py: plain text, tidy addresses and what makes an item itself."""
