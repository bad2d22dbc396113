"""What `craftwatch doctor` looks at: settings and files, the database, the sources."""
