"""What the configuration of nginx is checked with."""
