"""Rate, errors and duration of what people and services ask."""

from .panels import Dashboard, Panel, Query, Row, Variable, firing

FAULT = "UNKNOWN|DEADLINE_EXCEEDED|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS"
HTTP = "http_server_request_duration_seconds"
RPC = "rpc_server_call_duration_seconds"
ROUTE = 'http_route=~"$route"'
METHOD = 'job=~"$job", rpc_method=~"$method", rpc_method!="other"'


def quantile(q, metric, labels, by=""):
    """A quantile over all processes."""
    group = f"{by}, le" if by else "le"
    return f"histogram_quantile({q}, sum by ({group}) (rate({metric}_bucket{{{labels}}}[$__rate_interval])))"


def rate(metric, labels, by):
    """Requests a second."""
    return f"sum by ({by}) (rate({metric}_count{{{labels}}}[$__rate_interval]))"


DASHBOARD = Dashboard(
    uid="fitness-requests",
    title="Fitness Trainer · Requests",
    description="Rate, errors and duration: at the gateway by route, in the services by RPC.",
    variables=[
        Variable("route", "Route", f"label_values({HTTP}_count, http_route)"),
        Variable("job", "Service", f"label_values({RPC}_count, job)"),
        Variable("method", "RPC", f'label_values({RPC}_count{{job=~"$job"}}, rpc_method)', "/^(?!other$).*/"),
    ],
    rows=[
        Row(
            "How people fare",
            [
                Panel(
                    "Requests that succeed, 6 h",
                    "Of all requests at the gateway in six hours, how many did not end in a 5xx. The promise is 99.9 %.",
                    [Query("1 - (job:http_requests_failed:ratio_rate6h or 0 * job:http_requests:rate5m)", "{{job}}")],
                    unit="percentunit",
                    kind="stat",
                    width=4,
                    height=6,
                    minimum=None,
                    runbook="RequestsFail",
                ),
                Panel(
                    "Requests a second",
                    "What the gateway answers, files and live feeds included.",
                    [Query("sum(job:http_requests:rate5m)")],
                    unit="reqps",
                    kind="stat",
                    width=4,
                    height=6,
                ),
                Panel(
                    "95 % are answered within",
                    "At the gateway, without files and live feeds, which are as slow as their lines.",
                    [Query(quantile(0.95, HTTP, 'http_route!~"/v1/feed|/v1/files.*"'))],
                    unit="s",
                    kind="stat",
                    width=4,
                    height=6,
                    warn=0.5,
                    bad=1,
                    runbook="RequestsSlow",
                ),
                Panel(
                    "Services behind the gateway",
                    "The circuit breaker to each service. Open: what needs the service is answered with 503 at once.",
                    [Query("max by (upstream) (gateway_breaker_state)", "{{upstream}}")],
                    kind="stat",
                    width=4,
                    height=6,
                    warn=1,
                    bad=2,
                    mappings={0: ("reached", "green"), 1: ("on probation", "yellow"), 2: ("away", "red")},
                    runbook="ServiceBehindGatewayAway",
                ),
                firing(),
            ],
        ),
        Row(
            "Gateway, by route",
            [
                Panel(
                    "Rate",
                    "Requests a second by route. `none` is what matches no route.",
                    [Query(rate(HTTP, ROUTE, "http_request_method, http_route"), "{{http_request_method}} {{http_route}}")],
                    unit="reqps",
                    stacked=True,
                ),
                Panel(
                    "Answers by status",
                    "Requests a second by status. 4xx is what callers do wrong, 503 says that something is away, 429 that somebody asks too often.",
                    [Query(rate(HTTP, ROUTE, "http_response_status_code"), "{{http_response_status_code}}")],
                    unit="reqps",
                    stacked=True,
                ),
                Panel(
                    "Failed",
                    "The part of the requests that ends in a 5xx, by route.",
                    [
                        Query(
                            rate(HTTP, f'{ROUTE}, http_response_status_code=~"5.."', "http_route")
                            + f" / {rate(HTTP, ROUTE, 'http_route')}",
                            "{{http_route}}",
                        )
                    ],
                    unit="percentunit",
                    bad=0.0144,
                    runbook="RequestsFail",
                ),
                Panel(
                    "Duration",
                    "Time from the request to the head of the response, all chosen routes together.",
                    [Query(quantile(q, HTTP, ROUTE), f"{int(q * 100)} %") for q in (0.5, 0.95, 0.99)],
                    unit="s",
                    bad=1,
                    runbook="RequestsSlow",
                ),
                Panel(
                    "Slowest routes",
                    "The 95th percentile by route; the ten slowest.",
                    [Query(f"topk(10, {quantile(0.95, HTTP, ROUTE, 'http_route')})", "{{http_route}}")],
                    unit="s",
                ),
                Panel(
                    "Live feeds",
                    "Open connections of the live feed, and those a second that did not keep up and were cut off.",
                    [
                        Query("sum(gateway_feed_connections)", "open"),
                        Query("sum(rate(gateway_feed_cut_off_total[$__rate_interval]))", "cut off a second"),
                    ],
                ),
            ],
        ),
        Row(
            "Services, by RPC",
            [
                Panel(
                    "Rate",
                    "Calls a second by RPC. Health and reflection are left out.",
                    [Query(rate(RPC, METHOD, "rpc_method"), "{{rpc_method}}")],
                    unit="reqps",
                    stacked=True,
                ),
                Panel(
                    "Answers by status",
                    "Calls a second by gRPC status.",
                    [Query(rate(RPC, METHOD, "job, rpc_response_status_code"), "{{job}} {{rpc_response_status_code}}")],
                    unit="reqps",
                    stacked=True,
                ),
                Panel(
                    "Failed",
                    "The part of the calls that ends in a status that is our fault, by RPC.",
                    [
                        Query(
                            rate(RPC, f'{METHOD}, rpc_response_status_code=~"{FAULT}"', "rpc_method")
                            + f" / {rate(RPC, METHOD, 'rpc_method')}",
                            "{{rpc_method}}",
                        )
                    ],
                    unit="percentunit",
                    bad=0.0144,
                    runbook="CallsFail",
                ),
                Panel(
                    "Duration",
                    "Time from the call to the head of the response, all chosen RPCs together.",
                    [Query(quantile(q, RPC, METHOD), f"{int(q * 100)} %") for q in (0.5, 0.95, 0.99)],
                    unit="s",
                ),
                Panel(
                    "Slowest RPCs",
                    "The 95th percentile by RPC; the ten slowest. Those that hash a password take 20 ms and more.",
                    [Query(f"topk(10, {quantile(0.95, RPC, METHOD, 'rpc_method')})", "{{rpc_method}}")],
                    unit="s",
                ),
                Panel(
                    "Waiting for a turn to hash a password",
                    "As many hashes run as there are cores; the rest waits. `busy` a second: people who were told to come back.",
                    [
                        Query(quantile(0.95, "user_password_wait_time_seconds", 'outcome="turn"'), "95 % wait less than"),
                        Query(
                            'sum(rate(user_password_wait_time_seconds_count{outcome="busy"}[$__rate_interval]))',
                            "busy a second",
                        ),
                    ],
                    unit="s",
                    warn=0.5,
                    bad=1,
                    runbook="PasswordHashingBusy",
                ),
                Panel(
                    "Routines by planner",
                    "Generated routines a second by who wrote them, and why a model did not where one is configured.",
                    [
                        Query(
                            "sum by (planner, fallback) (rate(workout_planner_plans_total[$__rate_interval]))",
                            "{{planner}}, fallback: {{fallback}}",
                        )
                    ],
                    stacked=True,
                ),
            ],
        ),
    ],
)
