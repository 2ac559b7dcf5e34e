"""What the Dockerfile is checked by."""
