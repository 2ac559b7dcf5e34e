"""The processes and what they stand on."""

from .panels import Dashboard, Panel, Query, Row, Variable
from .requests import quantile

HERE = 'job=~"$job", instance=~"$instance"'

DASHBOARD = Dashboard(
    uid="fitness-processes",
    title="Fitness Trainer · Processes",
    description="Each process: whether it is well, what it depends on, processor, memory, files, database connections.",
    variables=[
        Variable("job", "Service", "label_values(fitness_service_ready, job)"),
        Variable("instance", "Process", 'label_values(fitness_service_ready{job=~"$job"}, instance)'),
    ],
    rows=[
        Row(
            "Who is there",
            [
                Panel(
                    "Ready",
                    "Whether a process takes calls.",
                    [Query(f"fitness_service_ready{{{HERE}}}", "{{job}} {{instance}}")],
                    kind="stat",
                    width=8,
                    height=6,
                    mappings={0: ("not ready", "red"), 1: ("ready", "green")},
                    runbook="ServiceNotReady",
                ),
                Panel(
                    "Dependencies",
                    "1 while the dependency answers. Without a required one the process takes no calls; what is deferrable is waited for.",
                    [Query(f"min by (job, dependency, need) (fitness_dependency_up{{{HERE}}})", "{{job}}: {{dependency}} ({{need}})")],
                    width=8,
                    height=6,
                    maximum=1,
                    runbook="KafkaAway",
                ),
                Panel(
                    "Versions",
                    "Processes by version. More than one is an update under way, or one that got stuck.",
                    [Query('count by (job, service_version) (target_info{job=~"$job"})', "{{job}} {{service_version}}")],
                    kind="table",
                    width=8,
                    height=6,
                ),
                Panel(
                    "Up",
                    "Whether Prometheus reaches the process, and whether that is stopping.",
                    [
                        Query(f"up{{{HERE}}}", "{{job}} {{instance}}"),
                        Query(f"fitness_service_draining{{{HERE}}} > 0", "{{job}} {{instance}} drains"),
                    ],
                    maximum=1,
                    runbook="InstanceDown",
                ),
                Panel(
                    "Uptime",
                    "Since the process started.",
                    [Query(f"time() - process_start_time_seconds{{{HERE}}}", "{{job}} {{instance}}")],
                    unit="s",
                    runbook="ServiceRestarts",
                ),
                Panel(
                    "Threads",
                    "Threads of the process. Beyond the cores they are Kafka's and those that block.",
                    [Query(f"process_threads{{{HERE}}}", "{{job}} {{instance}}")],
                ),
            ],
        ),
        Row(
            "Processor, memory, files",
            [
                Panel(
                    "Processor",
                    "Cores in use, user and system time together.",
                    [Query(f"rate(process_cpu_seconds_total{{{HERE}}}[$__rate_interval])", "{{job}} {{instance}}")],
                    unit="cores",
                ),
                Panel(
                    "Memory",
                    "Resident memory: what the process holds of the machine's memory.",
                    [Query(f"process_resident_memory_bytes{{{HERE}}}", "{{job}} {{instance}}")],
                    unit="bytes",
                ),
                Panel(
                    "Open files and sockets",
                    "Of those that the process may open.",
                    [Query(f"process_open_fds{{{HERE}}} / process_max_fds{{{HERE}}}", "{{job}} {{instance}}")],
                    unit="percentunit",
                    bad=0.8,
                    runbook="FilesRunOut",
                ),
            ],
        ),
        Row(
            "Database connections",
            [
                Panel(
                    "In use",
                    "Of the connections that the pool may have. At 1 the next call waits.",
                    [
                        Query(
                            f'sum by (job, instance, db_client_connection_pool_name) (db_client_connection_usage{{{HERE}, db_client_connection_state="used"}})'
                            f" / on (job, instance, db_client_connection_pool_name) db_client_connection_max{{{HERE}}}",
                            "{{job}} {{instance}}",
                        )
                    ],
                    unit="percentunit",
                    warn=0.8,
                    bad=1,
                    runbook="DatabasePoolExhausted",
                ),
                Panel(
                    "Waiting for one",
                    "How long a probe, one a second, waits for a connection: median and 95th percentile.",
                    [Query(quantile(q, "db_client_connection_wait_time_seconds", HERE, "job"), f"{{{{job}}}} {int(q * 100)} %") for q in (0.5, 0.95)],
                    unit="s",
                    warn=0.1,
                    bad=0.25,
                    runbook="DatabasePoolExhausted",
                ),
                Panel(
                    "None in time",
                    "Probes a second that got no connection within three seconds: the pool is exhausted or the database is away.",
                    [Query(f"sum by (job) (rate(db_client_connection_timeouts_total{{{HERE}}}[$__rate_interval]))", "{{job}}")],
                    runbook="DatabaseAway",
                ),
            ],
        ),
        Row(
            "Traces",
            [
                Panel(
                    "Spans through the collector",
                    "Spans a second that came in, and that went on to Jaeger.",
                    [
                        Query("sum(rate(otelcol_receiver_accepted_spans_total[$__rate_interval]))", "received"),
                        Query("sum(rate(otelcol_exporter_sent_spans_total[$__rate_interval]))", "passed on"),
                    ],
                    width=12,
                ),
                Panel(
                    "Spans lost",
                    "Spans a second that the collector refused for want of memory or could not pass on.",
                    [
                        Query("sum(rate(otelcol_receiver_refused_spans_total[$__rate_interval]))", "refused"),
                        Query("sum(rate(otelcol_exporter_send_failed_spans_total[$__rate_interval]))", "not passed on"),
                    ],
                    width=12,
                    runbook="CollectorLosesSpans",
                ),
            ],
        ),
    ],
)
