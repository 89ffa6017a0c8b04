# Short names for what is done by hand. `make` alone lists them.
help:
	@grep -E '^[a-z-]+:' Makefile | cut -d: -f1

demo:
	sh deploy/demo.sh

test:
	sh deploy/test.sh

# PostgreSQL, Redis, Elasticsearch and S3 on loopback, until Ctrl+C.
servers:
	.venv/bin/python -m deploy.local

lock:
	.venv/bin/uv pip compile -q --generate-hashes --python-version 3.11 --no-header --extra server pyproject.toml -o requirements.lock
	.venv/bin/uv pip compile -q --generate-hashes --python-version 3.11 --no-header --extra server --extra dev pyproject.toml -c requirements.lock -o requirements-dev.lock

screenshots:
	.venv/bin/python -m tests.bench.screenshots

# A quarter of an hour. Fails without the servers, and without the right to mount a small disk.
proof:
	mkdir -p docs/proof
	.venv/bin/python -m tests.bench.kill > docs/proof/kill.txt; status=$$?; cat docs/proof/kill.txt; exit $$status
	.venv/bin/python -m tests.bench.faults > docs/proof/faults.txt; status=$$?; cat docs/proof/faults.txt; exit $$status

# Three minutes on a quiet machine.
proof-search:
	mkdir -p docs/proof
	.venv/bin/python -m tests.bench.search > docs/proof/search.txt
	cat docs/proof/search.txt

.PHONY: help demo test servers lock screenshots proof proof-search
