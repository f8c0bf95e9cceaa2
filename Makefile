# The few commands of everyday work, with their names. Each is what somebody would type; nothing here is needed by .ci/run.

.DEFAULT_GOAL := help

.PHONY: help
help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the binary into bin/scheduler
	go build -o bin/scheduler ./cmd/scheduler

.PHONY: demo
demo: ## run a node with its own PostgreSQL and a demo
	go run ./cmd/scheduler dev --demo

.PHONY: test
test: ## run all tests; PostgreSQL is found or downloaded
	go test ./...

.PHONY: test-docker
test-docker: ## run the integration tests on PostgreSQL 15 and 17 in containers
	PGDUE_TEST_REQUIRE_DOCKER=1 go test ./tests -run TestWorksOnEveryPostgreSQL -count=1

.PHONY: race
race: ## run all tests under the race detector; needs a C compiler
	CGO_ENABLED=1 go test -race ./...

.PHONY: lint
lint: ## gofmt, go vet, staticcheck, go mod tidy, as CI does
	.ci/lint

.PHONY: ci
ci: ## do all that CI does; installs what is missing where it may
	.ci/run
