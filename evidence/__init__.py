"""What we know: documents, links, instruments, validity, coverage, settings, database, files."""
