"""The subcommands of `craftwatch`, by what they are for. What one needs is imported when it runs."""
