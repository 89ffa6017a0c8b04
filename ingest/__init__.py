"""The way of a document: intake, queue, reading in a child, identification, and the recipe that joins them."""
