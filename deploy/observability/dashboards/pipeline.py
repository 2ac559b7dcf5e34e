"""From an event to the mail about it, in the order in which it goes."""

from .panels import Dashboard, Panel, Query, Row, Variable, firing
from .requests import quantile

LAG = (
    "sum by (messaging_consumer_group_name) (max by (messaging_consumer_group_name, messaging_destination_name, "
    "messaging_destination_partition_id) (eventbus_consumer_lag))"
)


def rate(metric, by, labels=""):
    """A second."""
    matchers = f"{{{labels}}}" if labels else ""
    return f"sum by ({by}) (rate({metric}{matchers}[$__rate_interval]))"


DASHBOARD = Dashboard(
    uid="fitness-pipeline",
    title="Fitness Trainer · Events and mail",
    description="From an event to the mail about it: outbox, Kafka, ledger, SMTP relay, in the order in which it goes.",
    variables=[
        Variable("category", "Category", "label_values(notify_backlog_overdue, category)"),
        Variable("template", "Mail", "label_values(notify_event_to_mail_duration_seconds_count, template)"),
    ],
    rows=[
        Row(
            "Do people get their mail?",
            [
                Panel(
                    "Longest waiting code",
                    "How long the longest waiting mail with a code or a link has been due. Somebody sits in front of the screen.",
                    [Query('max(notify_backlog_overdue_age_seconds{category="one_time_code"})')],
                    unit="s",
                    kind="stat",
                    width=4,
                    height=6,
                    warn=15,
                    bad=60,
                    runbook="CodesLate",
                ),
                Panel(
                    "Longest waiting other mail",
                    "How long the longest waiting other mail has been due. Quiet hours and pauses between attempts are not counted.",
                    [Query('max(notify_backlog_overdue_age_seconds{category!="one_time_code"})')],
                    unit="s",
                    kind="stat",
                    width=4,
                    height=6,
                    warn=300,
                    bad=900,
                    runbook="MailLate",
                ),
                Panel(
                    "SMTP relay",
                    "Open: the relay is away, sending pauses, attempts are not burned.",
                    [Query("max(notify_smtp_breaker_open)")],
                    kind="stat",
                    width=4,
                    height=6,
                    bad=1,
                    mappings={0: ("reached", "green"), 1: ("away", "red")},
                    runbook="SmtpRelayAway",
                ),
                Panel(
                    "Dead letters",
                    "Events that could not be handled and wait for somebody, by consumer group.",
                    [Query("max by (group) (notify_dead_letters)", "{{group}}")],
                    kind="stat",
                    width=4,
                    height=6,
                    bad=1,
                    runbook="DeadLettersWait",
                ),
                firing(),
            ],
        ),
        Row(
            "From the event to the mail",
            [
                Panel(
                    "From the event to the relay's acceptance",
                    "By kind of mail, 95th percentile. Mails that wait for the end of quiet hours are among them.",
                    [
                        Query(
                            quantile(0.95, "notify_event_to_mail_duration_seconds", 'template=~"$template"', "template"),
                            "{{template}}",
                        )
                    ],
                    unit="s",
                ),
                Panel(
                    "From the ledger row to the relay's acceptance",
                    "The part of it that notify-svc and the relay take, all chosen mails together.",
                    [
                        Query(quantile(q, "notify_delivery_duration_seconds", 'template=~"$template"'), f"{int(q * 100)} %")
                        for q in (0.5, 0.95, 0.99)
                    ],
                    unit="s",
                ),
                Panel(
                    "Mails by what became of them",
                    "Changes of notifications a second, by the state they went to.",
                    [Query(rate("notify_notifications_total", "state"), "{{state}}")],
                    stacked=True,
                ),
            ],
        ),
        Row(
            "1 · Outbox",
            [
                Panel(
                    "Oldest event that is not published",
                    "Kafka away, or the relay does not get on. Healthy is well below a second.",
                    [Query("max by (source) (outbox_pending_oldest_age_seconds)", "{{source}}")],
                    unit="s",
                    warn=10,
                    bad=60,
                    runbook="EventsNotPublished",
                ),
                Panel(
                    "Events that wait",
                    "Events that are not published yet, and those that Kafka refused for good.",
                    [
                        Query("max by (source) (outbox_pending)", "{{source}}"),
                        Query("max by (source) (outbox_parked)", "{{source}} parked"),
                    ],
                    runbook="EventsParked",
                ),
                Panel(
                    "Who publishes",
                    "Of each service one process is active. Two for a moment is a takeover, none is a fault.",
                    [Query("sum by (source) (outbox_relay_active)", "{{source}}")],
                    runbook="NobodyPublishes",
                ),
            ],
        ),
        Row(
            "2 · Kafka",
            [
                Panel(
                    "Published",
                    "Records a second that Kafka acknowledged, by topic.",
                    [Query(rate("messaging_client_sent_messages_total", "messaging_destination_name"), "{{messaging_destination_name}}")],
                    unit="wps",
                    stacked=True,
                ),
                Panel(
                    "Consumed",
                    "Records a second that were handed to a handler, by group; repetitions count.",
                    [Query(rate("messaging_client_consumed_messages_total", "messaging_consumer_group_name"), "{{messaging_consumer_group_name}}")],
                    unit="rps",
                    stacked=True,
                ),
                Panel(
                    "Consumer lag",
                    "Records behind the committed offset, by group. A wave is fine as long as it ebbs.",
                    [Query(LAG, "{{messaging_consumer_group_name}}")],
                    warn=1000,
                    runbook="ConsumerFallsBehind",
                ),
                Panel(
                    "Lag by partition",
                    "The ten partitions that are furthest behind. One alone is a key or a record that holds it up.",
                    [
                        Query(
                            "topk(10, max by (messaging_consumer_group_name, messaging_destination_name, "
                            "messaging_destination_partition_id) (eventbus_consumer_lag))",
                            "{{messaging_consumer_group_name}} {{messaging_destination_name}}/{{messaging_destination_partition_id}}",
                        )
                    ],
                    runbook="ConsumerFallsBehind",
                ),
                Panel(
                    "Handling",
                    "How long handlers take for a batch, 95th percentile by group.",
                    [
                        Query(
                            quantile(0.95, "messaging_process_duration_seconds", "", "messaging_consumer_group_name"),
                            "{{messaging_consumer_group_name}}",
                        )
                    ],
                    unit="s",
                ),
                Panel(
                    "Records put with the dead letters",
                    "A second, by group and reason. Beside them: events that notify-svc does not know, or is too late for.",
                    [
                        Query(
                            rate("eventbus_dead_letters_total", "messaging_consumer_group_name, reason"),
                            "{{messaging_consumer_group_name}} {{reason}}",
                        ),
                        Query("sum(rate(notify_events_unknown_total[$__rate_interval]))", "unknown type"),
                        Query("sum(rate(notify_events_forgotten_total[$__rate_interval]))", "older than the ledger"),
                    ],
                    runbook="DeadLettersWait",
                ),
            ],
        ),
        Row(
            "3 · Ledger",
            [
                Panel(
                    "Open notifications by state",
                    "Rows that are not final. Deferred ones wait for their next attempt, pending ones may wait for the end of quiet hours.",
                    [Query("max by (state) (notify_backlog)", "{{state}}")],
                    stacked=True,
                ),
                Panel(
                    "Oldest open notification by state",
                    "Since the row was made; a mail that is tried for a day is a day old here.",
                    [Query("max by (state) (notify_backlog_oldest_age_seconds)", "{{state}}")],
                    unit="s",
                ),
                Panel(
                    "Due and not sent",
                    "Mails that should have gone out by now, by category.",
                    [Query('max by (category) (notify_backlog_overdue{category=~"$category"})', "{{category}}")],
                    stacked=True,
                    runbook="MailLate",
                ),
                Panel(
                    "How long they have been due",
                    "The longest waiting one by category.",
                    [
                        Query(
                            'max by (category) (notify_backlog_overdue_age_seconds{category=~"$category"})',
                            "{{category}}",
                        )
                    ],
                    unit="s",
                    warn=60,
                    bad=900,
                    runbook="MailLate",
                ),
                Panel(
                    "Reminders and weekly summaries: overdue",
                    "How long the longest waiting announcement has been due. Reminders older than an hour are passed over.",
                    [Query("max by (kind) (workout_announcement_overdue_age_seconds)", "{{kind}}")],
                    unit="s",
                    warn=60,
                    bad=300,
                    runbook="AnnouncementsLate",
                ),
                Panel(
                    "Reminders and weekly summaries: delay",
                    "From the time at which they were due to their announcement, 95th percentile.",
                    [Query(quantile(0.95, "workout_announcement_delay_seconds", "", "kind"), "{{kind}}")],
                    unit="s",
                ),
            ],
        ),
        Row(
            "4 · SMTP",
            [
                Panel(
                    "Attempts by outcome",
                    "Attempts a second. Lost before the final dot is safe to repeat; after it the mail is in doubt.",
                    [Query(rate("notify_smtp_attempts_total", "outcome"), "{{outcome}}")],
                    stacked=True,
                    runbook="SmtpRefusals",
                ),
                Panel(
                    "Replies of the relay",
                    "Attempts a second by reply code; 0 is no reply. 4xx is tried again, 5xx is final.",
                    [Query(rate("notify_smtp_attempts_total", "reply_code"), "{{reply_code}}")],
                    stacked=True,
                    runbook="SmtpRefusals",
                ),
                Panel(
                    "Not delivered, an hour",
                    "Mails in an hour that ended without arriving, or of which nobody knows.",
                    [
                        Query(
                            'sum by (state) (increase(notify_notifications_total{state=~"failed|expired|in_doubt"}[1h]))',
                            "{{state}}",
                        )
                    ],
                    bad=5,
                    runbook="MailsGivenUp",
                ),
            ],
        ),
    ],
)
