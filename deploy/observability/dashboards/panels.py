"""What dashboards are made of, in Grafana's JSON model (https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/).

A page is 24 columns wide. Panels are laid out in reading order; a row begins below everything before it.
"""

from dataclasses import dataclass, field

SOURCE = {"type": "prometheus", "uid": "${source}"}
GREEN, YELLOW, RED = "green", "yellow", "red"


@dataclass
class Query:
    """A PromQL expression and what its series are called, in Grafana's `{{label}}` notation."""

    expr: str
    legend: str = ""


@dataclass
class Panel:
    """One panel. `warn` and `bad` are where its values turn yellow and red; `runbook` names the alert that watches them."""

    title: str
    description: str
    queries: list
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    height: int = 8
    warn: float | None = None
    bad: float | None = None
    runbook: str | None = None
    stacked: bool = False
    minimum: float | None = 0
    maximum: float | None = None
    mappings: dict = field(default_factory=dict)

    def json(self, number, x, y):
        """The panel at a place."""
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self._description(),
            "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "targets": [self._target(index, query) for index, query in enumerate(self.queries)],
            "fieldConfig": {"defaults": self._defaults(), "overrides": []},
            "options": self._options(),
        }

    def _description(self):
        if self.runbook is None:
            return self.description
        return f"{self.description}\n\nRunbook: deploy/observability/runbooks/{self.runbook}.md"

    def _target(self, index, query):
        instant = self.kind in ("stat", "table")
        return {
            "refId": chr(ord("A") + index),
            "datasource": SOURCE,
            "editorMode": "code",
            "expr": query.expr,
            "legendFormat": query.legend,
            "instant": instant,
            "range": not instant,
            "format": "table" if self.kind == "table" else "time_series",
        }

    def _defaults(self):
        steps = [{"color": GREEN, "value": None}]
        if self.warn is not None:
            steps.append({"color": YELLOW, "value": self.warn})
        if self.bad is not None:
            steps.append({"color": RED, "value": self.bad})
        defaults = {
            "unit": self.unit,
            "thresholds": {"mode": "absolute", "steps": steps},
            "color": {"mode": "thresholds" if self.kind == "stat" else "palette-classic"},
            "noValue": "none",
        }
        if self.minimum is not None:
            defaults["min"] = self.minimum
        if self.maximum is not None:
            defaults["max"] = self.maximum
        if self.mappings:
            options = {
                str(value): {"text": text, "color": color, "index": index}
                for index, (value, (text, color)) in enumerate(self.mappings.items())
            }
            defaults["mappings"] = [{"type": "value", "options": options}]
        if self.kind == "timeseries":
            defaults["custom"] = {
                "drawStyle": "line",
                "lineWidth": 1,
                "fillOpacity": 20 if self.stacked else 5,
                "showPoints": "never",
                "spanNulls": False,
                "stacking": {"mode": "normal" if self.stacked else "none"},
                "thresholdsStyle": {"mode": "dashed" if len(steps) > 1 else "off"},
            }
        return defaults

    def _options(self):
        if self.kind == "stat":
            return {
                "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
                "colorMode": "background",
                "graphMode": "none",
                "textMode": "auto",
                "justifyMode": "auto",
            }
        if self.kind == "table":
            return {"showHeader": True, "cellHeight": "sm"}
        return {
            "legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull", "max"]},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }


@dataclass
class Row:
    """A heading above panels."""

    title: str
    panels: list


@dataclass
class Variable:
    """A choice at the top of the page: the values of a label."""

    name: str
    label: str
    query: str
    regex: str = ""

    def json(self):
        """The variable."""
        return {
            "name": self.name,
            "label": self.label,
            "type": "query",
            "datasource": SOURCE,
            "query": {"query": self.query, "refId": self.name},
            "definition": self.query,
            "regex": self.regex,
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"text": ["All"], "value": ["$__all"]},
        }


@dataclass
class Dashboard:
    """A page."""

    uid: str
    title: str
    description: str
    variables: list
    rows: list

    def json(self):
        """The page as Grafana reads it."""
        choice = {
            "name": "source",
            "label": "Prometheus",
            "type": "datasource",
            "query": "prometheus",
            "regex": "",
            "refresh": 1,
            "current": {},
        }
        others = {
            "type": "dashboards",
            "title": "Fitness Trainer",
            "tags": ["fitness-trainer"],
            "asDropdown": False,
            "includeVars": False,
            "keepTime": True,
        }
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": ["fitness-trainer"],
            "schemaVersion": 41,
            "version": 1,
            "editable": True,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-3h", "to": "now"},
            "timezone": "browser",
            "templating": {"list": [choice, *(variable.json() for variable in self.variables)]},
            "annotations": {"list": [_restarts()]},
            "links": [others],
            "panels": list(self._panels()),
        }

    def _panels(self):
        number, y = 1, 0
        for row in self.rows:
            yield {
                "id": number,
                "type": "row",
                "title": row.title,
                "collapsed": False,
                "gridPos": {"x": 0, "y": y, "w": 24, "h": 1},
                "panels": [],
            }
            number, y, x, tallest = number + 1, y + 1, 0, 0
            for panel in row.panels:
                if x + panel.width > 24:
                    x, y, tallest = 0, y + tallest, 0
                yield panel.json(number, x, y)
                number, x, tallest = number + 1, x + panel.width, max(tallest, panel.height)
            y += tallest


def _restarts():
    """A mark where a process started: most changes of a curve begin there."""
    return {
        "name": "Starts",
        "datasource": SOURCE,
        "enable": True,
        "iconColor": "blue",
        "expr": 'changes(process_start_time_seconds{job=~"gateway|user-svc|workout-svc|notify-svc"}[1m]) > 0',
        "step": "60s",
        "titleFormat": "{{job}} started",
        "textFormat": "{{instance}}",
    }


def firing():
    """What rings now."""
    return Panel(
        "What rings now",
        "Alerts that are firing. Each has a runbook of its name in deploy/observability/runbooks.",
        [Query('sort_desc(count by (alertname, severity) (ALERTS{alertstate="firing"}))')],
        kind="table",
        width=8,
        height=6,
    )
