# Holdfast: `make help` lists what there is. Nothing here needs a container or the internet beyond the registries.
GO      ?= go
TOOL     = $(GO) tool -modfile=tools/go.mod

# Flags that change how packages are compiled (-trimpath, CGO_ENABLED) are left alone, so that
# build, demo and test share one cache: the embedded Temporal server takes minutes to compile.
# The tests of what is EMBEDDED run it; those of the REST are compiled and linked without it.
# First the one that takes longest, mostly by waiting: as long as all others together, beside which it runs.
EMBEDDED = ./internal/crash ./internal/temporal/... ./internal/app ./cmd/holdfast ./bench
REST     = $(shell $(GO) list ./... | grep -vE '^holdfast/((internal/(temporal|app|crash)|cmd/holdfast)(/|$$)|bench$$)')

.PHONY: help build demo test deploy-check deploy-image race vet lint workflowcheck fmt gen golden fuzz bench bench-parts elsewhere move crash chaos chaos-elsewhere nodes soak playbooks clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

build: ## bin/holdfast
	@if [ ! -x bin/holdfast ]; then echo "building bin/holdfast: the first build compiles the embedded Temporal server, about 5 minutes on two cores"; fi
	@$(GO) build -ldflags="-s -w" -o bin/holdfast ./cmd/holdfast

demo: build ## the main job: three playbooks over their whole length, time compressed
	@bin/holdfast demo

test: vet workflowcheck playbooks ## all tests
	$(GO) test -tags noembed -vet=off -shuffle=on -timeout 15m $(REST)
	$(GO) test -vet=off -shuffle=on -timeout 15m $(EMBEDDED)
	@$(MAKE) --no-print-directory deploy-check

deploy-check: ## deploy/ read by the parsers of whoever will read it; a module of its own, five minutes the first time
	cd deploy/checks && $(GO) test -vet=off -shuffle=on -timeout 15m ./... # vet would analyse all of Helm and Kubernetes first

deploy-image: ## the image's program, built with its flags, runs on an empty file system; without a container engine
	cd deploy/checks && $(GO) test -run '^TestTheImagesProgram' -v -timeout 60m -vet=off -image

# SQLite is C made into Go, over memory of its own, which the detector does not know: to watch each of its pointers takes half of the
# time and finds nothing. What goes in and comes out is watched as ever.
RACE = CGO_ENABLED=1 $(GO) test -race -vet=off -gcflags='modernc.org/sqlite/lib=-race=false -d=checkptr=0' -timeout 15m

race: ## the race detector, with fewer random cases: everything without the embedded server, plus one smoke test with it
	$(RACE) -short -tags noembed -shuffle=on $(filter-out holdfast/internal/cli holdfast/internal/sim,$(REST))
	$(RACE) -run TestSmoke ./internal/app

# Once, for all tests: to vet what links the embedded server reads the whole of it. Its few files are left to lint.
vet: ## go vet, and gofmt says nothing
	@bad=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$bad" ]; then echo "not gofmt'd: $$bad"; exit 1; fi
	$(GO) vet -tags noembed ./...

workflowcheck: ## nothing in workflow code reads a clock, a random number or a map in range order
	$(TOOL) workflowcheck -config .workflowcheck.yaml ./workflows/...

lint: vet workflowcheck ## golangci-lint, pinned in tools/go.mod
	$(TOOL) golangci-lint run ./...

fmt: ## gofmt and goimports
	$(TOOL) golangci-lint fmt ./...

gen: ## reference pages, schema, llms.txt and llms-full.txt from the code
	$(GO) run -tags noembed ./cmd/holdfast docs --write docs

golden: ## rewrite golden files and scripts; read the diff
	UPDATE=1 $(GO) test ./...

fuzz: ## each fuzz test for FUZZTIME (20s)
	@for f in $$(git grep -l '^func Fuzz' -- '*_test.go'); do for n in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$f); do \
	  echo "$$(dirname $$f) $$n"; $(GO) test -run '^$$' -fuzz "^$$n\$$" -fuzztime $${FUZZTIME:-20s} ./$$(dirname $$f) || exit 1; done; done

# Each row of the page is measured beside its baseline, PAIRS blocks of each in turn. On two cores that do nothing else it takes about
# 50 minutes. PAIRS=1 ACCOUNTS=20000 RUNS=20 ENROLLMENTS=200 SLEEPERS=400 shows in a few that all of it works.
PAIRS       ?= 10
ACCOUNTS    ?= 1000000
RUNS        ?= 150
ENROLLMENTS ?= 5000
SLEEPERS    ?= 10000
MEASURE      = -v -vet=off -timeout 90m -bench-pairs $(PAIRS) -bench-rows $(CURDIR)/bench/rows.jsonl

bench: ## speed, as ratios to a baseline in the same run; writes docs/explain/performance.md. PAIRS=10, and sizes
	@rm -f bench/rows.jsonl
	$(GO) test ./rules -run '^$$' -bench Condition -bench-rows $(CURDIR)/bench/rows.jsonl
	$(GO) test ./bench/scale -run '^TestBench' $(MEASURE) -bench-accounts $(ACCOUNTS)
	$(GO) test ./bench -run '^TestBench' $(MEASURE) -bench-runs $(RUNS) -bench-fanout $(ENROLLMENTS) -bench-heap $(SLEEPERS)
	$(GO) run ./bench/page -commit "$$(git describe --always --dirty)" bench/rows.jsonl docs/explain

bench-parts: ## speed of parts, which no page shows: stores, intake, replay, backtest, simulate, lint
	$(GO) test -run '^$$' -bench . -benchtime 1s ./internal/store/... ./internal/intake ./workflows ./rules
	$(GO) test ./internal/backtest -run TestBench -v -timeout 60m -bench-pairs $(PAIRS)
	$(GO) test ./internal/sim -run '^TestBench' -v -timeout 30m -bench-pairs $(PAIRS)
	$(GO) test ./internal/project -run TestBenchLint -v -timeout 30m -bench-pairs $(PAIRS)

elsewhere: ## PostgreSQL and Temporal's own server: both killed under two enrollments, payload keys turned round, builds that take over, what doctor says of them
	$(GO) test -tags noembed ./internal/app ./internal/temporal/... ./internal/doctor -run TestElsewhere -v -timeout 20m -elsewhere

move: ## a store moved, and restored, in the middle of everything: kill -9 all over the way, each touch at most once
	$(GO) test ./internal/crash -run '^Test(Move|Restore)With' -v -timeout 20m -move

crash: ## 200 enrollments, 20 kills: each touch at most once, none lost
	$(GO) test ./internal/crash -run TestKillTwentyTimes -v -timeout 20m -crash-full

chaos-elsewhere: ## chaos over PostgreSQL and Temporal's own server, which are killed five times each as well; SEED=n repeats one
	$(GO) test ./internal/crash -run '^TestChaosElsewhere$$' -v -timeout 40m -chaos-elsewhere -chaos-full -chaos-seed $${SEED:-0}

nodes: ## two servers, two workers and two relays over PostgreSQL and Temporal's own server, each ended in turn, a worker stopped while it sends, and an erasure killed in its midst; SEED=n repeats one
	$(GO) test -tags noembed ./internal/crash -run '^TestTwoOfEverything|^TestAWorkerThatIsStopped|^TestAnErasureThatIsKilled' -v -timeout 20m -nodes -chaos-seed $${SEED:-0}

soak: ## mixed load for FOR (10m) on two of everything while all of it is killed: each acknowledged message in once, no enrollment twice; SEED=n repeats one
	$(GO) test -tags noembed ./internal/crash -run '^TestSoak$$' -v -timeout 120m -soak -soak-for $${FOR:-10m} -chaos-seed $${SEED:-0}

chaos: ## 2,000 enrollments, 50 kills and 5 restarts while providers fail a fifth of what they are asked; SEED=n repeats one
	$(GO) test ./internal/crash -run '^TestChaos$$' -v -timeout 30m -chaos-full -chaos-seed $${SEED:-0}

playbooks: ## lint what we ship
	$(GO) run -tags noembed ./cmd/holdfast lint --strict playbooks/library examples/*/

clean: ## remove bin and local data
	rm -rf bin .holdfast
