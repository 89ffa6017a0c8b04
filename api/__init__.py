"""The outermost room: HTTP, web pages, command line. Thin: every route is a list of what it needs and one call."""
