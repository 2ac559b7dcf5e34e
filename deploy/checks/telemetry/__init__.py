"""What test_observability.py needs beside pytest."""
