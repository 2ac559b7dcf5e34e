"""Which metrics and labels a PromQL expression names, held against those that exist."""

import re
from dataclasses import dataclass, field

import promql_parser as promql

# Prometheus adds these to every series it scrapes.
ADDED = frozenset({"job", "instance"})
# What Prometheus itself makes.
OWN = {"up": ADDED, "ALERTS": frozenset({"alertname", "alertstate", "severity"})}
HISTOGRAM_SUFFIXES = ("_bucket", "_sum", "_count")


@dataclass
class Known:
    """The series that exist: labels by name of the series."""

    series: dict = field(default_factory=dict)

    def add_page(self, text):
        """Adds what a page such as deploy/observability/metrics.md lists."""
        for name, kind, labels in re.findall(r"^\| `([^`]+)` \| (\w+) \| ([^|]*) \|", text, re.MULTILINE):
            labels = frozenset(re.findall(r"`([^`]+)`", labels)) | ADDED
            if kind == "histogram":
                for suffix in HISTOGRAM_SUFFIXES:
                    self.series[name + suffix] = labels | ({"le"} if suffix == "_bucket" else set())
            else:
                self.series[name] = labels
        return self

    def add_recordings(self, groups):
        """Adds what recording rules make; their labels are those that the expression keeps."""
        for rule in (rule for group in groups for rule in group["rules"] if "record" in rule):
            self.series[rule["record"]] = frozenset(kept(promql.parse(rule["expr"])))
        return self

    def labels(self, name):
        """The labels of a series, or None where there is no such series."""
        return self.series.get(name, OWN.get(name))


def parse(expr):
    """Parses an expression; Grafana's variables are replaced by something of their kind."""
    expr = expr.replace("$__rate_interval", "5m")
    return promql.parse(expr)


def children(node):
    """The expressions directly inside another."""
    match node:
        case promql.AggregateExpr():
            return [node.expr] + ([node.param] if node.param is not None else [])
        case promql.BinaryExpr():
            return [node.lhs, node.rhs]
        case promql.Call():
            return list(node.args)
        case promql.MatrixSelector():
            return [node.vector_selector]
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return [node.expr]
        case _:
            return []


def selectors(node):
    """All selectors of series in an expression."""
    if isinstance(node, promql.VectorSelector):
        yield node
    for child in children(node):
        yield from selectors(child)


def kept(node):
    """The labels that an aggregation keeps; a division keeps those of its left side."""
    match node:
        case promql.AggregateExpr():
            return list(node.modifier.labels) if node.modifier else []
        case promql.BinaryExpr():
            return kept(node.lhs)
        case promql.ParenExpr():
            return kept(node.expr)
        case _:
            raise ValueError(f"a recording rule aggregates: {node.prettify()}")


def grouping(node):
    """Every list of labels by which something is grouped or matched, with the expression it stands in."""
    if isinstance(node, promql.AggregateExpr) and node.modifier:
        yield list(node.modifier.labels), node.expr
    if isinstance(node, promql.BinaryExpr) and node.modifier and node.modifier.matching:
        yield list(node.modifier.matching.labels), node
    for child in children(node):
        yield from grouping(child)


def unknown(expr, known):
    """What an expression names that does not exist, one line each."""
    root = parse(expr)
    faults = []
    for selector in selectors(root):
        labels = known.labels(selector.name)
        if labels is None:
            faults.append(f"no metric {selector.name}")
            continue
        for matcher in selector.matchers.matchers:
            if matcher.name not in labels:
                faults.append(f"{selector.name} has no label {matcher.name}")
    for names, inside in grouping(root):
        for selector in selectors(inside):
            labels = known.labels(selector.name)
            # A name that is kept of one side only shows as a series that finds no partner.
            faults += [f"{selector.name} has no label {name}" for name in names if labels is not None and name not in labels]
    return sorted(set(faults))


def unknown_in_legend(legend, expr, known):
    """Labels that a legend shows and no series of its expression has."""
    labels = set().union(*(known.labels(selector.name) or set() for selector in selectors(parse(expr))))
    shown = re.findall(r"\{\{\s*(\w+)\s*\}\}", legend)
    return [f"legend names {name}" for name in shown if name not in labels]
