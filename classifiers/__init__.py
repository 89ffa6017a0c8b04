"""Text and rules in, matches out. Pure: knows no database, institution, date or validity."""
