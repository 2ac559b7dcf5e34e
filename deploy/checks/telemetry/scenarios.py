"""scenarios.yaml as a file of `promtool test rules`."""

import re

import yaml

FIRING = 'group by (alertname) (ALERTS{alertstate="firing"})'
ANY = "group by (alertname) (ALERTS)"


def promtool_file(rule_files, healthy, scenarios):
    """The file: each scenario is a test with the healthy series, changed, and exactly its alerts firing."""
    tests = [_test("the healthy system", healthy, {"at": "10h"}, ANY)]
    for scenario in scenarios:
        tests.append(_test(scenario["name"], {**healthy, **scenario["series"]}, scenario, FIRING))
    return yaml.safe_dump(
        {"rule_files": [str(path) for path in rule_files], "evaluation_interval": "1m", "tests": tests}, width=1000
    )


def _values(values):
    """promtool, too, takes `0x600` for a hexadecimal number; people mean zero, six hundred times."""
    return re.sub(r"(?<![\d.])0x", "0+0x", values)


def _test(name, series, scenario, expr):
    expected = [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in sorted(scenario.get("firing", []))]
    return {
        "name": name,
        "interval": "1m",
        "input_series": [{"series": series, "values": _values(values)} for series, values in series.items()],
        "promql_expr_test": [{"expr": expr, "eval_time": scenario["at"], "exp_samples": expected}],
    }
