"""What the commands do, one file each; api/cli.py only declares them."""
