"""Rules that manifests have to keep. Each takes a `Cluster` and answers what breaks it, one line for each."""

from manifests.policies import kafka, network, pods, scaling, storage, wiring

ALL = {
    name: rule
    for module in (pods, network, scaling, wiring, kafka, storage)
    for name, rule in vars(module).items()
    if callable(rule) and getattr(rule, "__module__", "") == module.__name__ and not name.startswith("_")
}
"""Every rule by its name."""
