"""What sets Bukti up and runs it here: none of it is shipped."""
