#!/usr/bin/env bash
# What a pull request opens and closes, as Markdown on standard output.
# Takes HEDGEROW_BASE, the revision to compare with, and HEDGEROW_POLICY (empty: what hedgerow.toml says).
# Ends with 0 when the difference could be told, whatever it is.
set -uo pipefail

base=${HEDGEROW_BASE:?the revision to compare with}
policy=()
[ -z "${HEDGEROW_POLICY:-}" ] || policy=("$HEDGEROW_POLICY")
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT

hedgerow diff "git:$base" ${policy[@]+"${policy[@]}"} --format markdown 2>"$errors"
status=$?
[ "$status" -ne 2 ] && exit 0

# A policy that is new, or one of the two is invalid: the pull request says so, and `check` fails where it must.
printf '**hedgerow**: what this change opens and closes cannot be told.\n\n```text\n'
sed 's/```/` ` `/g' "$errors"
printf '```\n'
