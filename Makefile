# The targets are what CI runs. `make example` and `make test` install what they need.
.PHONY: example test lint rust python browser kafka bench clean

# Plans the drain of the brokers 1001-1003 of a real cluster and leaves reassign.json.
example:
	@scripts/need cargo cc
	cargo build --release --quiet
	target/release/kshift plan examples/kafka-4.3.1 --drain 1001-1003 --capacity 10GB --throttle 50MB/s > reassign.json
	@echo "wrote reassign.json, for: kafka-reassign-partitions.sh --execute --reassignment-json-file reassign.json" >&2

# Every test, from the core to real Kafka brokers.
test: lint rust python browser kafka

lint:
	@scripts/need cargo cc python3 shellcheck
	cargo fmt --check
	cargo clippy --quiet --all-targets -- -D warnings
	cargo clippy --quiet --no-default-features --lib -- -D warnings
	cargo clippy --quiet --features python --lib -- -D warnings
	shellcheck scripts/* .ci/run

rust:
	@scripts/need cargo cc
	cargo test --quiet --profile ci
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps

python:
	@scripts/need cargo cc python3 shellcheck
	cargo build --quiet --profile ci
	scripts/venv
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	KSHIFT_BINARY=$(CURDIR)/target/ci/kshift .venv/bin/pytest tests/python

# report.html in Debian's Chromium, driven by Playwright; axe-core judges whether everybody can use it.
browser:
	@scripts/need cargo cc python3 chromium
	scripts/venv
	.venv/bin/mypy tests/browser
	.venv/bin/pytest tests/browser

kafka:
	@scripts/need cargo cc python3 java javac mvn
	scripts/venv
	PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/pytest tests/kafka

# Times, memory and quality at 3k to 1M replicas, against Python's json.load in the same run and simpler ways.
bench:
	cargo bench --bench planner
	cargo bench --bench compare
	cargo bench --bench around

clean:
	cargo clean
	rm -rf .venv out reassign.json
