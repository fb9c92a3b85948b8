#!/bin/sh
# The description of the API against what answers (schemathesis): tools/try_description.sh ADDRESS KEY, of a deployment that runs and may be written to. Each operation
# with its examples, and with values at and beyond the bounds of its schemas: 21,000 requests, some minutes. Needs .venv-clients (make clients). Fails at any finding:
# undocumented statuses and content types, answers that do not fit, what should be refused and is not, 5xx.
# Left out: streams without an end, what would revoke the run's own key, and what is the operator's. 400 is also for what no schema tells, as a cursor of another list.
set -eu
tools=$(dirname "$0")
address=$1
key=$2
shift 2
SCHEMATHESIS_HOOKS=description_hooks PYTHONPATH=$tools "${RETRACE_CLIENTS:-$tools/../.venv-clients}/bin/python" -m schemathesis.cli run "$address/schema/openapi.json" \
	--header "Authorization: Bearer $key" --phases examples,coverage --seed 1 --generation-deterministic --request-timeout 30 \
	--suppress-health-check all --exclude-checks positive_data_acceptance \
	--exclude-path-regex '/stream$|/keys/\{key\}$|^/v1/tenants/' "$@"
