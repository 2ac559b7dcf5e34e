"""Faults, at least one for each thing that a rule looks for: the rule, a path into the services, the value there."""

# None removes what is there.
FAULTS = [
    ("unknown_settings", "gateway.environment.GATEWAY_COLOUR", "red"),
    ("unknown_settings", "user-svc.environment.LOG_LEVEL_FILE", "/run/secrets/level"),
    ("loose_images", "postgres.image", "postgres:latest"),
    ("loose_images", "kafka.image", "apache/kafka"),
    ("loose_images", "secrets.image", "postgres:17.1"),
    ("loose_images", "gateway.image", "fitness-trainer/gateway:0.0.1"),
    ("unwatched", "kafka.healthcheck", None),
    ("unwatched", "gateway.healthcheck", {"disable": True}),
    ("unwatched", "dozzle.healthcheck", {"test": ["CMD-SHELL", "true"]}),
    ("unlimited", "jaeger.mem_limit", None),
    ("unlimited", "postgres.logging", None),
    ("unconfined", "nginx.read_only", None),
    ("unconfined", "grafana.cap_drop", []),
    ("unconfined", "kafka.cap_add", ["SYS_ADMIN"]),
    ("unconfined", "mailpit.security_opt", []),
    ("unconfined", "prometheus.privileged", True),
    ("unconfined", "postgres.user", "0:0"),
    ("unconfined", "user-svc.user", "1000:1000"),
    ("open_secrets", "user-svc.environment.CODE_PEPPER", "0123456789"),
    ("open_secrets", "postgres.environment.POSTGRES_PASSWORD", "postgres"),
    ("open_secrets", "grafana.environment.GF_DATABASE_URL", "postgres://grafana:grafana@postgres:5432/grafana"),
    ("open_secrets", "notify-svc.environment.SMTP_PASS_FILE", "/etc/smtp_pass"),
    ("open_secrets", "secrets.profiles", ["dev", "full"]),
    ("public_ports", "kafka.ports", [{"target": 9092, "published": "9092"}]),
    ("public_ports", "kafka.ports", [{"target": 9092, "published": "9092", "host_ip": "192.0.2.1"}]),
    ("clashing_ports", "dozzle.ports", [{"target": 8080, "published": "8080", "host_ip": "127.0.0.1"}]),
    ("strange_ports", "user-svc.ports", [{"target": 50052, "published": "50051", "host_ip": "127.0.0.1"}]),
    ("strange_ports", "gateway.environment.WORKOUT_SVC_URL", "http://workout-svc:50051"),
    ("unreachable", "gateway.environment.NOTIFY_SVC_URL", "http://mailer:50053"),
    ("unreachable", "kafka.networks", {"tools": None}),
    ("hasty", "kafka-ui.depends_on.kafka.condition", "service_started"),
    ("hasty", "user-svc.depends_on.migrate-user-svc.condition", "service_started"),
    ("jobs_skipped", "notify-svc.depends_on.migrate-notify-svc", None),
    ("jobs_skipped", "topics-user-svc.command", ["serve"]),
    ("cut_short", "workout-svc.stop_grace_period", "10s"),
    ("cut_short", "workout-svc.environment.DRAIN_DEADLINE_SECONDS", "30"),
    ("believed_wrongly", "gateway.environment.TRUSTED_PROXIES", "0.0.0.0/0"),
    ("believed_wrongly", "nginx.networks.front.ipv4_address", "172.31.240.9"),
    ("believed_wrongly", "nginx.networks.front.ipv4_address", "10.0.0.1"),
    ("missing_mounts", "nginx.volumes.0.source", "/etc/nginx/nginx.conf"),
    ("missing_mounts", "nginx.volumes.1.bind", {"create_host_path": False}),
    ("missing_mounts", "grafana.volumes.2.source", "{root}/.data/compose/secrets"),
    ("secrets_not_made", "user-svc.environment.SEALING_KEYS_FILE", "/run/secrets/sealing_key"),
    ("secrets_not_made", "workout-svc.environment.SEALING_KEYS_FILE", "/run/secrets/sealing_keys"),
]


def put(project, path, value):
    """Sets what `path` leads to in the services of a project; None removes it."""
    place = project["services"]
    *parents, last = path.split(".")
    for step in parents:
        place = place[int(step) if isinstance(place, list) else step]
    if value is None:
        del place[last]
    else:
        place[last] = value
