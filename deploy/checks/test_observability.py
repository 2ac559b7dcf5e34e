"""deploy/observability: alerts that ring when they have to, dashboards that show what is there, a collector that starts.

Each rule is applied to the real files, where it finds nothing, and to a file with a fault, where it finds it.
"""

import copy
import json
import re
import runpy

import pytest
import yaml
from telemetry import collector, expressions, promtool, scenarios

SEVERITIES = {"page", "ticket"}


# ---- what there is ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def folder(root):
    """deploy/observability."""
    return root / "deploy/observability"


@pytest.fixture(scope="session")
def recordings(folder):
    """The groups of recording rules."""
    return yaml.safe_load((folder / "prometheus/recordings.yaml").read_text())["groups"]


@pytest.fixture(scope="session")
def alerts(folder):
    """All alerts."""
    groups = yaml.safe_load((folder / "prometheus/alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.fixture(scope="session")
def known(folder, recordings):
    """Every series that exists: of our services, as an end-to-end test reads them from the running system; of the
    collector, as a test below reads them from the running collector; and those that recording rules make."""
    known = expressions.Known()
    for page in ("metrics.md", "collector/metrics.md"):
        known.add_page((folder / page).read_text())
    return known.add_recordings(recordings)


@pytest.fixture(scope="session")
def dashboards(folder):
    """All dashboards by file name."""
    files = sorted((folder / "grafana/dashboards").glob("*.json"))
    return {file.name: json.loads(file.read_text()) for file in files}


@pytest.fixture(scope="session")
def tool(cache):
    """promtool."""
    try:
        return promtool.locate(cache)
    except promtool.PromtoolMissing as error:
        pytest.fail(str(error))


@pytest.fixture(scope="session")
def otelcol(folder, cache):
    """The collector."""
    try:
        return collector.build(folder / "collector/builder.yaml", cache)
    except collector.GoMissing as error:
        pytest.fail(str(error))


# ---- names -----------------------------------------------------------------------------------------------------------


def panels(dashboard):
    """The panels that show something."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries(dashboard):
    """Every expression of a dashboard: where it stands, the expression, its legend."""
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield panel["title"], target["expr"], target["legendFormat"]
    for annotation in dashboard["annotations"]["list"]:
        yield annotation["name"], annotation["expr"], annotation["titleFormat"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"]).groups()
            yield variable["name"], f"count by ({label}) ({selector})", ""


def unknown_in_dashboards(dashboards, known):
    """Metrics and labels that dashboards name and nothing exports."""
    return [
        f"{file}, {place}: {fault}"
        for file, dashboard in dashboards.items()
        for place, expr, legend in queries(dashboard)
        for fault in expressions.unknown(expr, known) + expressions.unknown_in_legend(legend, expr, known)
    ]


def unknown_in_rules(rules, known):
    """The same in alerts and recording rules, labels in their texts included."""
    faults = []
    for rule in rules:
        name = rule.get("alert", rule.get("record"))
        faults += [f"{name}: {fault}" for fault in expressions.unknown(rule["expr"], known)]
        for text in rule.get("annotations", {}).values():
            legend = re.sub(r"\{\{\s*\$labels\.(\w+)\s*\}\}", r"{{\1}}", text)
            faults += [f"{name}: {fault}" for fault in expressions.unknown_in_legend(legend, rule["expr"], known) if "$" not in fault]
    return faults


def test_dashboards_name_only_metrics_and_labels_that_are_exported(dashboards, known):
    assert unknown_in_dashboards(dashboards, known) == []


def test_alerts_and_recording_rules_name_only_metrics_and_labels_that_are_exported(alerts, recordings, known):
    rules = alerts + [rule for group in recordings for rule in group["rules"]]
    assert unknown_in_rules(rules, known) == []


@pytest.mark.parametrize(
    ("expr", "fault"),
    [
        ("sum(notify_backlog_overdu)", "no metric notify_backlog_overdu"),
        ('notify_backlog_overdue{categry="reminders"}', "notify_backlog_overdue has no label categry"),
        ("max by (topic) (notify_backlog_overdue)", "notify_backlog_overdue has no label topic"),
        ("outbox_parked / on (group) outbox_pending", "outbox_parked has no label group"),
        ("rate(notify_delivery_duration_seconds[5m])", "no metric notify_delivery_duration_seconds"),
        ("sum by (le) (notify_delivery_duration_seconds_count)", "notify_delivery_duration_seconds_count has no label le"),
        ("job:http_requests:rate6m", "no metric job:http_requests:rate6m"),
        ("sum by (instance) (job:http_requests:rate5m)", "job:http_requests:rate5m has no label instance"),
    ],
)
def test_a_name_that_is_not_exported_is_found(expr, fault, known):
    assert fault in expressions.unknown(expr, known)


def test_an_unknown_label_in_a_legend_or_text_is_found(known):
    assert expressions.unknown_in_legend("{{topic}}", "sum by (source) (outbox_pending)", known) == ["legend names topic"]
    rule = {"alert": "A", "expr": "outbox_pending > 1", "annotations": {"summary": "of {{ $labels.topic }}"}}
    assert unknown_in_rules([rule], known) == ["A: legend names topic"]


def test_every_exported_metric_is_shown_or_left_out_on_purpose(dashboards, alerts, recordings, known):
    left_out = {
        # Shown by others: resident memory, and the rates of the recordings.
        "process_virtual_memory_bytes",
    }
    rules = alerts + [rule for group in recordings for rule in group["rules"]]
    used = [expr for dashboard in dashboards.values() for _place, expr, _legend in queries(dashboard)]
    used += [rule["expr"] for rule in rules]
    named = {selector.name for expr in used for selector in expressions.selectors(expressions.parse(expr))}
    base = lambda name: re.sub("_(bucket|sum|count)$", "", name) if name.removesuffix("_count") + "_bucket" in known.series or name.endswith(("_bucket", "_sum")) else name  # noqa: E731
    exported = {base(name) for name in known.series if not name.startswith("otelcol_") and ":" not in name}
    assert exported - {base(name) for name in named} - left_out == set()


# ---- alerts ----------------------------------------------------------------------------------------------------------


def faults_of_alert(rule):
    """What an alert lacks for the person it wakes."""
    name, faults = rule["alert"], []
    if rule.get("labels", {}).get("severity") not in SEVERITIES:
        faults.append(f"{name}: severity is page or ticket")
    annotations = rule.get("annotations", {})
    faults += [f"{name}: no {text}" for text in ("summary", "description") if not annotations.get(text)]
    if annotations.get("runbook_url") != f"deploy/observability/runbooks/{name}.md":
        faults.append(f"{name}: runbook_url is not deploy/observability/runbooks/{name}.md")
    return faults


def test_every_alert_says_what_is_wrong_how_urgent_it_is_and_where_to_read_on(alerts):
    assert [fault for rule in alerts for fault in faults_of_alert(rule)] == []
    broken = {"alert": "A", "labels": {"severity": "critical"}, "annotations": {"summary": "x", "runbook_url": "B.md"}}
    assert len(faults_of_alert(broken)) == 3


def test_every_alert_has_a_runbook_and_every_runbook_an_alert(alerts, folder):
    runbooks = {file.stem for file in (folder / "runbooks").glob("*.md")}
    assert runbooks == {rule["alert"] for rule in alerts}


def test_promtool_accepts_configuration_and_rules(tool, folder):
    content, said = promtool.run(tool, "check", "config", folder / "prometheus/prometheus.yaml")
    assert content, said


def test_promtool_refuses_what_is_no_rule(tool, tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text("groups: [{name: a, rules: [{alert: A, expr: 'sum('}]}]")
    content, _said = promtool.run(tool, "check", "rules", file)
    assert not content


def rehearse(tool, folder, tmp_path, healthy, rehearsed):
    """Lets promtool play the scenarios."""
    rules = [folder / "prometheus" / name for name in ("recordings.yaml", "alerts.yaml")]
    file = tmp_path / "scenarios.yaml"
    file.write_text(scenarios.promtool_file(rules, healthy, rehearsed))
    return promtool.run(tool, "test", "rules", file)


@pytest.fixture(scope="session")
def rehearsal(folder):
    """scenarios.yaml. Every value is text: YAML would read `0x600` as a hexadecimal number."""
    return yaml.load((folder / "prometheus/scenarios.yaml").read_text(), Loader=yaml.BaseLoader)


def test_each_alert_rings_in_its_scenario_and_none_in_the_healthy_system(tool, folder, tmp_path, rehearsal):
    content, said = rehearse(tool, folder, tmp_path, rehearsal["healthy"], rehearsal["scenarios"])
    assert content, said


def test_each_alert_has_a_scenario_and_its_series_in_the_healthy_system(alerts, rehearsal):
    ringing = {alert for scenario in rehearsal["scenarios"] for alert in scenario["firing"]}
    assert ringing == {rule["alert"] for rule in alerts}
    healthy = {series.partition("{")[0] for series in rehearsal["healthy"]}
    needed = {selector.name for rule in alerts for selector in expressions.selectors(expressions.parse(rule["expr"]))}
    assert {name for name in needed if ":" not in name} - healthy == set()


def test_the_scenarios_use_series_that_exist(rehearsal, known):
    series = [*rehearsal["healthy"], *(name for scenario in rehearsal["scenarios"] for name in scenario["series"])]
    assert {fault for name in series for fault in expressions.unknown(name, known)} == set()


def test_an_alert_that_does_not_ring_fails_the_rehearsal(tool, folder, tmp_path, rehearsal):
    scenario = copy.deepcopy(next(one for one in rehearsal["scenarios"] if one["firing"] == ["CodesLate"]))
    scenario["series"] = {}
    content, said = rehearse(tool, folder, tmp_path, rehearsal["healthy"], [scenario])
    assert not content, said


def test_an_alert_that_rings_in_the_healthy_system_fails_the_rehearsal(tool, folder, tmp_path, rehearsal):
    series = 'notify_smtp_breaker_open{job="notify-svc", instance="notify-svc-1:9467"}'
    content, said = rehearse(tool, folder, tmp_path, {**rehearsal["healthy"], series: "1x600"}, [])
    assert not content, said


# ---- runbooks --------------------------------------------------------------------------------------------------------

HEADINGS = ["What it means for people", "Look", "Likely causes", "Do", "It is over when"]


def faults_of_runbook(name, text, known, routes):
    """What is wrong with a runbook: its headings, the PromQL and the API calls in it."""
    faults = []
    if not text.startswith(f"# {name}\n"):
        faults.append("the title is not the name of the alert")
    if re.findall(r"^## (.+)$", text, re.MULTILINE) != HEADINGS:
        faults.append(f"the headings are not {HEADINGS}")
    for block in re.findall(r"```promql\n(.*?)```", text, re.DOTALL):
        for expr in filter(None, block.split("\n")):
            faults += expressions.unknown(expr, known)
    for route in re.findall(r"/v1/[\w/:{}-]+", text):
        if re.sub(r"\{\w+\}", "{}", route) not in routes:
            faults.append(f"no route {route}")
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        if not link.endswith(".md"):
            faults.append(f"{link} is no runbook")
    return faults


@pytest.fixture(scope="session")
def routes(root):
    """The REST routes of the contracts, and the gateway's own."""
    found = set()
    for file in root.glob("proto/fitness/**/*.proto"):
        found.update(re.findall(r'(?:get|post|put|patch|delete): "([^"]+)"', file.read_text()))
    return {re.sub(r"\{\w+\}", "{}", route) for route in found} | {"/v1/feed", "/v1/files"}


def test_runbooks_name_only_metrics_and_routes_that_exist(folder, known, routes):
    faults = {}
    for file in (folder / "runbooks").glob("*.md"):
        if found := faults_of_runbook(file.stem, file.read_text(), known, routes):
            faults[file.stem] = found
        for link in re.findall(r"\]\(([^)#:]+\.md)\)", file.read_text()):
            assert (file.parent / link).exists(), f"{file.name} links to {link}"
    assert faults == {}


def test_a_runbook_with_a_wrong_name_is_found(known, routes):
    text = "# B\n## Look\n```promql\nsum(nothing_total)\n```\n`GET /v1/nowhere`"
    assert len(faults_of_runbook("A", text, known, routes)) == 4


# ---- dashboards ------------------------------------------------------------------------------------------------------


def faults_of_dashboard(dashboard, alerts):
    """What makes a dashboard hard to read."""
    faults = [f"no {name}" for name in ("uid", "title", "description") if not dashboard.get(name)]
    names = {rule["alert"] for rule in alerts}
    taken = set()
    for panel in panels(dashboard):
        title, defaults = panel["title"], panel["fieldConfig"]["defaults"]
        if len(panel["description"]) < 20:
            faults.append(f"{title}: the description says nothing")
        if not panel["targets"] or not defaults.get("unit"):
            faults.append(f"{title}: no query or no unit")
        alarmed = len(defaults["thresholds"]["steps"]) > 1
        runbook = re.search(r"Runbook: deploy/observability/runbooks/(\w+)\.md", panel["description"])
        if alarmed and not runbook:
            faults.append(f"{title}: turns red and names no runbook")
        if runbook and runbook[1] not in names:
            faults.append(f"{title}: no runbook {runbook[1]}")
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        if place["x"] + place["w"] > 24 or cells & taken:
            faults.append(f"{title}: covers another panel or the edge")
        taken |= cells
        if panel["type"] != "table" and len(panel["targets"]) > 1 and not all(t["legendFormat"] for t in panel["targets"]):
            faults.append(f"{title}: several queries and no legend")
    ids = [panel["id"] for panel in dashboard["panels"]]
    return faults + (["two panels have one id"] if len(ids) != len(set(ids)) else [])


def test_dashboards_are_made_for_people(dashboards, alerts):
    assert {file: faults_of_dashboard(dashboard, alerts) for file, dashboard in dashboards.items()} == {
        file: [] for file in dashboards
    }
    assert len({dashboard["uid"] for dashboard in dashboards.values()}) == len(dashboards) == 3


def test_a_dashboard_that_is_hard_to_read_is_found(dashboards, alerts):
    broken = copy.deepcopy(dashboards["pipeline.json"])
    first, second = panels(broken)[:2]
    first["description"] = ""
    second["gridPos"] = first["gridPos"]
    assert len(faults_of_dashboard(broken, alerts)) == 3


def test_what_is_generated_is_up_to_date(folder):
    for path, text in runpy.run_path(str(folder / "generate"))["files"]():
        assert path.read_text() == text, f"{path.name} is old; deploy/observability/generate writes it anew"


def test_each_dashboard_is_a_config_map_that_grafana_finds(folder, dashboards):
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    files = [file for generator in kustomization["configMapGenerator"] for file in generator["files"]]
    assert sorted(files) == [f"grafana/dashboards/{name}" for name in sorted(dashboards)]
    assert kustomization["generatorOptions"]["labels"] == {"grafana_dashboard": "1"}


def test_grafana_finds_dashboards_and_sources(folder):
    provider = yaml.safe_load((folder / "grafana/dashboards/dashboards.yaml").read_text())["providers"][0]
    assert provider["options"]["path"] == "/etc/grafana/provisioning/dashboards"
    sources = yaml.safe_load((folder / "grafana/datasources/datasources.yaml").read_text())["datasources"]
    assert {source["type"] for source in sources} == {"prometheus", "jaeger"}


# ---- Prometheus and compose ------------------------------------------------------------------------------------------


def test_prometheus_scrapes_every_service_by_its_name_and_port(folder):
    config = yaml.safe_load((folder / "prometheus/prometheus.yaml").read_text())
    scraped = {
        job["job_name"]: (source["names"], source["port"])
        for job in config["scrape_configs"]
        for source in job.get("dns_sd_configs", [])
    }
    assert scraped == {
        "gateway": (["gateway"], 9464),
        "user-svc": (["user-svc"], 9465),
        "workout-svc": (["workout-svc"], 9466),
        "notify-svc": (["notify-svc"], 9467),
        "otel-collector": (["otel-collector"], 8888),
        "otlp": (["otel-collector"], 8889),
    }


def test_compose_runs_the_collector_that_is_checked_here_under_the_names_that_are_scraped(root, folder):
    text = (root / "compose.yaml").read_text()
    services = yaml.safe_load(text)["services"]
    assert {"gateway", "user-svc", "workout-svc", "notify-svc", "otel-collector", "prometheus", "grafana", "jaeger"} <= services.keys()
    version = re.search(r"otlpreceiver v(\S+)", (folder / "collector/builder.yaml").read_text())[1]
    assert re.findall(r"opentelemetry-collector-contrib:(\S+)", text) == [version]


# ---- the collector ---------------------------------------------------------------------------------------------------


def test_the_collector_accepts_its_configuration(otelcol, folder):
    content, said = collector.validate(otelcol, folder / "collector/config.yaml")
    assert content, said


def test_the_collector_refuses_a_wrong_configuration(otelcol, folder, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("processors: {redaction: {allow_all_keyz: true}}")
    content, said = collector.validate(otelcol, folder / "collector/config.yaml", wrong)
    assert not content and "allow_all_keyz" in said


def on_free_ports(config, sink):
    """The configuration with every address on a free port of this machine, sending traces to `sink`."""
    config = copy.deepcopy(config)
    port = lambda: f"127.0.0.1:{collector.free_port()}"  # noqa: E731
    config["extensions"]["health_check"]["endpoint"] = port()
    for protocol in config["receivers"]["otlp"]["protocols"].values():
        protocol["endpoint"] = port()
    config["exporters"]["prometheus"]["endpoint"] = port()
    config["exporters"]["otlp_http/sink"] = {"endpoint": sink, "encoding": "json", "compression": "none"}
    config["service"]["pipelines"]["traces"]["exporters"] = ["otlp_http/sink"]
    config["processors"]["tail_sampling"]["decision_wait"] = "1s"
    own = config["service"]["telemetry"]["metrics"]["readers"][0]["pull"]["exporter"]["prometheus"]
    own |= {"host": "127.0.0.1", "port": collector.free_port()}
    return config


def resource(service):
    """The resource of a service."""
    return {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}


def span(attributes):
    """A span in OTLP's JSON."""
    return {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": "eee19b7ec3c1b174",
        "name": "POST /v1/auth/register",
        "kind": 2,
        "startTimeUnixNano": "1544712660000000000",
        "endTimeUnixNano": "1544712660100000000",
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
    }


def counter(name):
    """A counter at 7 in OTLP's JSON."""
    point = {"asInt": "7", "timeUnixNano": "1544712660000000000", "startTimeUnixNano": "1544712600000000000"}
    return {"name": name, "sum": {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": [point]}}


def test_traces_pass_masked_and_metrics_that_are_scraped_anyway_do_not(otelcol, folder, tmp_path):
    with collector.receiver() as (sink, received):
        config = on_free_ports(yaml.safe_load((folder / "collector/config.yaml").read_text()), sink)
        file = tmp_path / "config.yaml"
        file.write_text(yaml.safe_dump(config))
        otlp = f"http://{config['receivers']['otlp']['protocols']['http']['endpoint']}"
        with collector.running(otelcol, file):
            health = f"http://{config['extensions']['health_check']['endpoint']}"
            collector.eventually("the collector is well", lambda: collector.get(health))
            leak = {"note": "to ann@example.org", "http.route": "/v1/auth/register", "token": "eyJhbGciOi.eyJzdWIiOi.c2ln"}
            traces = {"resource": resource("user-svc"), "scopeSpans": [{"spans": [span(leak)]}]}
            assert collector.post(f"{otlp}/v1/traces", {"resourceSpans": [traces]}) == 200
            for service in ("user-svc", "something-else"):
                metrics = {"resource": resource(service), "scopeMetrics": [{"metrics": [counter(f"of_{service}")]}]}
                assert collector.post(f"{otlp}/v1/metrics", {"resourceMetrics": [metrics]}) == 200
            assert collector.post(f"{otlp}/v1/logs", {"resourceLogs": []}) == 200

            passed_on = json.dumps(collector.eventually("the trace arrives", lambda: list(received)))
            exported = f"http://{config['exporters']['prometheus']['endpoint']}/metrics"
            seen = lambda: collector.get(exported) if "of_something_else" in collector.get(exported) else None  # noqa: E731
            metrics = collector.eventually("the metric of something else is exported", seen)
            own = config["service"]["telemetry"]["metrics"]["readers"][0]["pull"]["exporter"]["prometheus"]
            told = collector.get(f"http://{own['host']}:{own['port']}/metrics")
    assert "/v1/auth/register" in passed_on
    assert "ann@example.org" not in passed_on and "eyJzdWIiOi" not in passed_on
    assert "redaction.masked.count" in passed_on
    assert "of_user_svc" not in metrics and "of_user-svc" not in metrics
    # What the dashboards show of the collector.
    names = set(re.findall(r"^# TYPE (otelcol_\w+)", told, re.MULTILINE))
    listed = set(expressions.Known().add_page((folder / "collector/metrics.md").read_text()).series)
    # Nothing failed here, and a count of failures begins with the first.
    assert listed - names == {"otelcol_exporter_send_failed_spans_total"}, told


# ---- Kubernetes ------------------------------------------------------------------------------------------------------


def test_the_operators_rule_holds_the_same_rules(root, folder):
    rule = yaml.safe_load((root / "deploy/kubernetes/components/observability/prometheus-rule.yaml").read_text())
    groups = [
        group
        for name in ("recordings", "alerts")
        for group in yaml.safe_load((folder / "prometheus" / f"{name}.yaml").read_text())["groups"]
    ]
    assert rule["spec"]["groups"] == groups
    assert rule["kind"] == "PrometheusRule"
