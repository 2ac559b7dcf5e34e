"""What test_kubernetes.py knows of the manifests under deploy/kubernetes."""
