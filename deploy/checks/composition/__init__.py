"""What compose.yaml is checked by: rules, faults that they have to find, and its containers' work on this machine."""
