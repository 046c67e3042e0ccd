# `make` lists what there is. Python 3.11 or newer on Linux is all that must be there before.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PORT ?= 8000
export OMP_NUM_THREADS ?= 1

# The settings ask for a key before they import; the tools below only read code.
CODE = SECRET_KEY=only-for-reading-code

.PHONY: help demo demo-stop demo-reset test check gate format lint types imports migrations deploy \
	bandit audit coverage mutants docs editor bench screenshots matrix replicate images lock install-demo install-dev chromium servers

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 14

demo: install-demo ## start everything and open the demo studies (STUDIES=all; PORT=8000; DETACH=1 returns)
	@PORT=$(PORT) DETACH=$(DETACH) STUDIES="$(STUDIES)" $(BIN)/python -m demo start

demo-stop: ## stop a demo that was started with DETACH=1
	@$(BIN)/python -m demo stop

demo-reset: install-demo ## delete the demo's data in var/ and start over at the next `make demo`
	@$(BIN)/python -m demo reset

# Beside the demo's own
PHOTOGRAPHED = demo-questions,another-tool,five-methods
screenshots: install-dev chromium ## photograph the pages of a running `make demo` (PORT=8000)
	@$(BIN)/python -m demo open $(PHOTOGRAPHED)
	$(BIN)/python -m demo.screenshots http://127.0.0.1:$(PORT)
	$(BIN)/python -m demo.desk_screenshots http://127.0.0.1:$(PORT)

matrix: install-dev chromium ## photograph every page in every language, window and theme, into var/matrix
	$(BIN)/python -m sandbox.scratch $(BIN)/python -m demo.matrix var/matrix $(ARGS)

# Two processes, each with servers of its own; PARALLEL= runs all in one. tests/conftest.py says which
# files come last, which pytest-xdist would say otherwise by how many tests they have.
PARALLEL ?= -n 2 --dist loadfile --no-loadscope-reorder
# Tests start some hundreds of processes: each would compile the site anew where Python is told to keep
# no bytecode (PYTHONDONTWRITEBYTECODE).
test: install-dev chromium ## run the tests (ARGS="tests/demo -k port" for some of them)
	@$(BIN)/python -m compileall -q studyapp explainer photos tasks ready sandbox demo
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

check: gate coverage ## the whole gate, and the tests with their coverage

gate: install-dev chromium format lint types imports migrations deploy bandit ## the gate without the tests

format:
	$(BIN)/ruff format --check .

lint:
	$(BIN)/ruff check .

types:
	$(CODE) $(BIN)/mypy

imports:
	$(CODE) $(BIN)/lint-imports --no-cache

migrations:
	$(BIN)/python -m sandbox.scratch $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m sandbox.scratch $(BIN)/python manage.py check

# As an operator would deploy it: HTTPS on, a long key, a public host name.
deploy:
	@HTTPS=1 ALLOWED_HOSTS=studies.example.org $(BIN)/python -m sandbox.scratch sh -c \
		'$(BIN)/python manage.py collectstatic --noinput -v 0 && \
		$(BIN)/python manage.py check --deploy --fail-level WARNING'

# What is found from medium severity on; a line that is right says why beside its `nosec`.
bandit:
	$(BIN)/bandit -q -ll -r studyapp explainer photos tasks ready sandbox demo -x studyapp/migrations

audit: install-dev ## look every locked package up in the known advisories (needs a network)
	@$(BIN)/python .ci/audit.py $(BIN)/uv

coverage:
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered $(PARALLEL)

# Each fault costs one start of pytest, so this stands outside `make test`.
mutants: install-dev chromium ## put known faults into the code, see that tests notice (ARGS="V1 stats")
	@$(BIN)/python -m tests.mutations $(ARGS)

replicate: install-demo ## measure what the Grad-CAM paper claims, for docs/replicating-grad-cam.md (some minutes)
	@$(BIN)/python -m ready.replication

docs: install-demo ## draw docs/methods.md's pictures and var/gallery.html anew (some minutes)
	@$(BIN)/python -m demo.gallery

images: ## build the images discern-web and discern-worker (ENGINE=podman; TAG=…; WORKER_LOCK=demo)
	@ENGINE="$(ENGINE)" TAG="$(TAG)" WORKER_LOCK="$(WORKER_LOCK)" REGISTRY="$(REGISTRY)" \
		sh deploy/images.sh

editor: ## bundle the desk's editor of study files anew (npm; its file is kept in git)
	cd editor && npm ci --ignore-scripts && npm run build

# Status 2: measured, but not judged, as other processes were busy
bench: install-dev ## print the benchmarks' ratios, each measured in one run
	@for script in bench/[a-z]*.py; do \
		$(BIN)/python -m sandbox.scratch $(BIN)/python $$script || [ $$? = 2 ] || exit 1; \
	done

LOCKED = dev demo worker web traces
lock: install-dev ## pin requirements/*.in again (UPGRADE=--upgrade takes newer versions)
	@for name in $(LOCKED); do \
		$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --no-header -q \
			$(UPGRADE) requirements/$$name.in -o requirements/$$name.lock \
			$$([ $$name = dev ] || echo "-c requirements/dev.lock") || exit 1; \
	done

# A stamp is a copy of the lock that was installed, so a second call is instant, whatever the
# files' dates are. What dev.lock pins contains demo.lock.
install-demo: $(BIN)/python
	@cmp -s requirements/demo.lock $(VENV)/demo.stamp || { $(call install,demo); }

install-dev: $(BIN)/python
	@cmp -s requirements/dev.lock $(VENV)/dev.stamp || { $(call install,dev) && \
		cp requirements/demo.lock $(VENV)/demo.stamp; }

install = echo "Installing requirements/$(1).lock (PyTorch's wheels are some 2.5 GB: minutes)…" && \
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps \
		-r requirements/$(1).lock && cp requirements/$(1).lock $(VENV)/$(1).stamp

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; name one with PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python's venv module is missing: install Debian's package python3-venv"; exit 1; }

# Without Chromium the browser tests are skipped, and say so.
SUDO = $$([ "$$(id -u)" = 0 ] || echo "sudo -n")
APT = $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::http::Timeout=20
chromium:
	@command -v chromium >/dev/null || { command -v apt-get >/dev/null && $(SUDO) true && { \
		$(APT) install -qq -y --no-install-recommends chromium || { $(APT) update -qq && \
		$(APT) install -qq -y --no-install-recommends chromium; }; } >/dev/null 2>&1; } || \
		echo "Chromium is missing and can't be installed here: the browser tests are skipped"

servers: ## install nginx, PgBouncer and Prometheus from Debian for the tests of deploy/, as no services
	@.ci/servers
