# "make help" lists the targets. You need only Go, git, make and a C compiler. "make test"
# installs openssl and Chromium, which some tests also need.

VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
IMAGE     ?= ghcr.io/gcexport/recording-export-operator:$(VERSION)
LDFLAGS   := -s -w -X github.com/gcexport/recording-export-operator/internal/operator.Version=$(VERSION) -X main.version=$(VERSION)
TOOL      := go tool -modfile=hack/tools/go.mod
# Seconds that each fuzz target runs in "make fuzz".
FUZZTIME  ?= 30s
# Number of random runs of "make model".
CHECKS    ?= 1000
# Minutes that "make soak" takes.
MINUTES   ?= 5

.DEFAULT_GOAL := help
.SUFFIXES:

##@ General

.PHONY: help
help: ## Show this help.
	@awk 'BEGIN {FS = ":.*##"; printf "\nUsage: make <target>\n"} \
	  /^[a-zA-Z0-9_-]+:.*?##/ { printf "  %-16s %s\n", $$1, $$2 } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) }' $(MAKEFILE_LIST)

##@ Use it

.PHONY: demo
demo: control-plane build ## Export a simulated day into demo/archive and verify it. 20 minutes the first time, then half a minute.
	@go run ./hack/demo

.PHONY: demo-bulk
demo-bulk: control-plane s3-server build ## The same through recording bulk jobs and an S3 bucket, into demo-bulk/archive. 25 minutes the first time, then a minute or two.
	@go run ./hack/demo bulk

##@ Build

.PHONY: build
build: ## Build the programs into bin/.
	@[ -x bin/standalone ] || echo "Building the programs; the first time the Genesys SDK alone takes about 5 minutes." >&2
	@go build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

.PHONY: control-plane
control-plane: ## Build etcd, kube-apiserver, kube-controller-manager and kubectl into bin/k8s, once, unless KUBEBUILDER_ASSETS is set.
	@[ -n "$$KUBEBUILDER_ASSETS" ] || hack/controlplane/build.sh >/dev/null

.PHONY: s3-server
s3-server: ## Build versitygw, the S3 server for tests, into bin/versitygw, once.
	@hack/versitygw/build.sh >/dev/null

.PHONY: openssl
openssl: ## Install openssl for tests that verify signatures, if it is missing (Debian, as root).
	@command -v openssl >/dev/null || apt-get install --yes --no-install-recommends openssl

.PHONY: browser
browser: ## Install Chromium for tests of reports from Debian's packages, once (as root).
	@command -v chromium >/dev/null || { echo "Installing Chromium, which needs root." >&2; apt-get update -q && apt-get install -q -y --no-install-recommends chromium fonts-liberation; }

.PHONY: image-binary
image-binary: ## Build the static manager for the image into bin/image; for "docker build --target prebuilt".
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/image/manager ./cmd/manager

.PHONY: image
image: ## Build the container image (needs Docker).
	docker build --build-arg VERSION=$(VERSION) -t $(IMAGE) .

##@ Change it

.PHONY: generate
generate: ## Generate deep copies, CRDs and RBAC from the Go code.
	$(TOOL) controller-gen object paths=./api/...
	$(TOOL) controller-gen crd paths=./api/... output:crd:dir=config/crd/bases
	$(TOOL) controller-gen rbac:roleName=manager paths=./controllers/... output:rbac:dir=config/rbac

.PHONY: tidy
tidy: ## Tidy the modules and format the code.
	go mod tidy
	cd hack/controlplane && go mod tidy
	cd hack/tools && go mod tidy
	cd hack/versitygw && go mod tidy
	gofmt -w $$(git ls-files '*.go')

.PHONY: lint
lint: ## Lint the Go code.
	@echo "Linting; the first time the linter itself is built, about 3 minutes." >&2
	$(TOOL) golangci-lint run

##@ Check it

.PHONY: test
test: control-plane s3-server openssl browser ## Run all tests, with the race detector; prints the coverage.
	@echo "Testing; the first time the Genesys SDK is compiled for the race detector, about 5 minutes." >&2
	go test -race -count=1 -parallel 4 -timeout 60m -coverpkg=./... -coverprofile=cover.out ./...
	@go tool cover -func=cover.out | awk '/^total:/ {print "Coverage of all code by all tests: " $$3}'

.PHONY: verify
verify: control-plane ## Check generated files, modules, formatting, lint, known vulnerabilities and plain words, and that a real API server accepts every manifest.
	hack/verify.sh
	$(MAKE) --no-print-directory lint vulncheck
	go test -count=1 ./test/prose ./test/manifests ./test/argocd

.PHONY: figures
figures: ## Measure the code: lines per function and file, exported names, import chains, names with overloaded words.
	@go run ./hack/figures

.PHONY: vulncheck
vulncheck: ## Check the code that is linked into the programs for known vulnerabilities; prints SKIPPED if vuln.go.dev cannot be reached.
	@hack/vulncheck.sh

.PHONY: cosign-check
cosign-check: ## Verify the operator's signatures with cosign; builds cosign the first time, about 6 minutes.
	@hack/cosign/check.sh

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME.
	hack/fuzz.sh $(FUZZTIME)

.PHONY: tamper
tamper: openssl ## Tamper with archives in every known way, and show which tool notices: verify, sha256sum, openssl, and cosign if COSIGN names it.
	go test -count=1 -v -run '^(TestASoundArchive|TestEveryTamperingIsFound)$$' ./test/tamper | grep -v -e '=== ' -e '--- '

.PHONY: tamper-cosign
tamper-cosign: ## Run tamper with cosign; builds cosign the first time, about 6 minutes.
	@COSIGN=$$(hack/cosign/build.sh) && COSIGN=$$COSIGN $(MAKE) --no-print-directory tamper

.PHONY: attack
attack: control-plane s3-server openssl ## Run every attack in docs/threat-model.md against the real programs, and show which ones they stopped.
	@go run ./hack/attack

.PHONY: model
model: ## Run CHECKS (1000) randomly generated exports, and as many with bad items; about an hour.
	go test -count=1 -v -run 'TestTheLifeOfAnExport|TestBadItems' -timeout 4h ./test/model -args -rapid.seed 0 -rapid.checks $(CHECKS)

.PHONY: storm
storm: control-plane ## Export 10,000 recordings while a third of all calls fail; 10 minutes.
	go test -count=1 -run TestStorm -v -timeout 60m ./test/storm -args -days 5 -perday 1100 -slow

.PHONY: soak
soak: control-plane ## Run exports for MINUTES (5), alternately next to hostile tenants and alone; fail if memory grows or exports become slower by more than 10 %.
	go test -count=1 -run TestSoak -v -timeout 24h ./test/storm -args -minutes $(MINUTES) -compare

.PHONY: bench
bench: control-plane ## Measure calls per recording, writes per batch, the use of a small budget, and the cost of bad items and hostile tenants; 12 minutes.
	go test -run '^$$' -bench . -benchtime 1x -timeout 30m ./test/bench
	go test -run '^$$' -bench . ./internal/genesys/client
