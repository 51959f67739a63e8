#!/usr/bin/env bash
# Checks a policy for a workflow of GitHub: findings beside the changed lines, and a report for code scanning.
# Takes HEDGEROW_POLICY (empty: what hedgerow.toml says), HEDGEROW_DENY (empty: likewise), HEDGEROW_COMPILED (true: what
# the policy compiles to is in the repository, and has to be up to date) and HEDGEROW_REPORTS, a folder to write into.
# Ends like `hedgerow check`: 0 clean, 1 findings, 2 invalid policy.
set -uo pipefail

reports=${HEDGEROW_REPORTS:-hedgerow-reports}
mkdir -p "$reports" || exit 2
check=(hedgerow check)
[ -z "${HEDGEROW_DENY:-}" ] || check+=(--deny "$HEDGEROW_DENY")
policy=()
[ -z "${HEDGEROW_POLICY:-}" ] || policy=("$HEDGEROW_POLICY")

"${check[@]}" --quiet --format sarif ${policy[@]+"${policy[@]}"} >"$reports/hedgerow.sarif" 2>/dev/null
"${check[@]}" --format github ${policy[@]+"${policy[@]}"}
status=$?

if [ "${HEDGEROW_COMPILED:-false}" = true ] && [ "$status" -ne 2 ]; then
    hedgerow compile --check ${policy[@]+"${policy[@]}"} || status=$?
fi
exit "$status"
