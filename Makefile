# The menu. CI calls the same targets as people do.
.DEFAULT_GOAL := help
.PHONY: help run test test-real test-clients check-deploy lint fmt bench pages sqlx setup deny

help: ## Show this menu
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install or name what cargo cannot bring
	@deploy/setup

run: setup ## Start the whole system in one process; ARGS="--ephemeral" and the like go through
	cargo run -- $(ARGS)

test: setup ## Run every test
	cargo test --workspace

test-real: setup ## Run the tests on real servers: Apache Kafka, PostgreSQL, a process for each service
	deploy/test-real $(ARGS)

test-clients: setup ## Generate clients from the API document and run them; schemathesis, SCHEMATHESIS_SECONDS=600 a run
	tests/clients/run $(ARGS)

check-deploy: setup ## Check images, compose file, Kubernetes manifests and dashboards
	cargo test --workspace --no-run
	deploy/checks/run $(ARGS)

lint: setup ## Check the format, run clippy, check the scripts
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --workspace --test apache_kafka --test real_servers -- -D warnings
	cargo test --quiet -p house
	@if cargo tree -p fitness-proto -e normal --prefix none | grep -E '^(rdkafka|openssl|sqlx|lapin)'; \
		then echo 'the contracts depend on a broker or a database: see above' >&2; exit 1; fi
	for script in .ci/run deploy/setup deploy/sqlx-prepare deploy/test-real deploy/checks/run deploy/deny deploy/kafka/provide \
		deploy/kubernetes/apply tests/clients/run; \
		do bash -n $$script || exit 1; done
	for script in deploy/compose/make-secrets deploy/compose/postgres/databases.sh deploy/kubernetes/make-secrets; \
		do sh -n $$script || exit 1; done
	if command -v buf >/dev/null; then buf lint proto; else echo 'buf is not here, so the contracts go unlinted'; fi

fmt: ## Format the code
	cargo fmt --all

bench: setup ## Measure, with the raw limit of the same run beside each figure
	cargo bench --workspace --bench relay --bench delivery --bench training --bench path

pages: setup ## Write the pages that are made from the code anew
	UPDATE_PAGES=1 cargo test -p standalone --lib
	UPDATE_PAGES=1 cargo test -p standalone --test end_to_end metrics
	deploy/observability/generate

sqlx: setup ## Renew the query data in .sqlx after a change of SQL or migrations
	deploy/sqlx-prepare outbox user-svc workout-svc notify-svc

deny: ## Check licences, advisories and duplicate versions
	deploy/deny
