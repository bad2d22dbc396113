"""`python -m scraper` is `craftwatch`."""

from scraper.cli import main

main(prog_name="craftwatch")
