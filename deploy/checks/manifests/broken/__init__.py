"""Changes that break the rules, each with the rule that has to notice: a check that cannot fail checks nothing."""

from manifests.broken import kafka, network, pods, scaling, storage, wiring  # noqa: F401
from manifests.broken.changes import BROKEN

__all__ = ["BROKEN"]
