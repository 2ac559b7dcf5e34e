"""Faults of a Dockerfile, at least one for each thing that a rule looks for: the rule, a text, what takes its place."""

FAULTS = [
    ("loose_bases", "rust:1.95-bookworm", "rust:latest"),
    ("loose_bases", "rust:1.95-bookworm", "rust:1.95-trixie"),
    ("loose_bases", "rust:1.95-bookworm", "rust:1.85-bookworm"),
    ("loose_bases", "RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot", "RUNTIME_IMAGE=gcr.io/distroless/cc"),
    ("runtime_faults", "USER 65532:65532", "USER nonroot"),
    ("runtime_faults", "USER 65532:65532\n", ""),
    ("runtime_faults", 'ENTRYPOINT ["/app/service"]', "ENTRYPOINT /app/service"),
    ("runtime_faults", '["/app/service", "healthcheck"]', "wget http://127.0.0.1:9464/livez"),
    ("runtime_faults", 'CMD ["serve"]', 'RUN touch /tmp/x\nCMD ["serve"]'),
    ("runtime_faults", "org.opencontainers.image.revision", "org.opencontainers.image.commit"),
    ("runtime_faults", "ARG VERSION=0.1.0", "ARG VERSION=9.9.9"),
    ("runtime_faults", "ARG REVISION=unknown\n", ""),
    ("runtime_faults", 'base.name="gcr.io/distroless/cc-debian12', 'base.name="debian'),
    ("build_faults", "--version 0.1.78 --locked", "--version 0.1.78"),
    ("build_faults", "ENV SQLX_OFFLINE=true\n", ""),
    ("build_faults", "ENV SQLX_OFFLINE=true\n", "ENV SQLX_OFFLINE=true\nENV CODE_PEPPER=abc\n"),
    ("build_faults", "--mount=type=cache,target=/usr/local/cargo/registry,sharing=locked", ""),
    ("build_faults", " --package notify-svc", ""),
    ("build_faults", "gateway | user-svc |", "user-svc |"),
    ("build_faults", "COPY --from=plan /src/recipe.json recipe.json\n", "COPY . .\n"),
]
