# The menu. CI calls the same targets as people do.
.DEFAULT_GOAL := help
.PHONY: help run test lint fmt bench sqlx setup deny

help: ## Show this menu
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install or name what cargo cannot bring
	@deploy/setup

run: setup ## Start the whole system in one process; ARGS="--ephemeral" and the like go through
	cargo run -- $(ARGS)

test: setup ## Run every test
	cargo test --workspace

lint: setup ## Check the format, run clippy, check the scripts
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	bash -n deploy/setup deploy/sqlx-prepare .ci/run

fmt: ## Format the code
	cargo fmt --all

bench: setup ## Measure, with the raw limit of the same run beside each figure
	cargo bench --workspace --bench relay --bench delivery --bench training --bench path

sqlx: setup ## Renew the query data in .sqlx after a change of SQL or migrations
	deploy/sqlx-prepare outbox user-svc workout-svc notify-svc

deny: ## Check licences, advisories and duplicate versions (needs cargo-deny)
	cargo deny check
