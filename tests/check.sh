#!/bin/bash
# Runs every test and adds up what they report. The last line is
# "N passed, N failed, N skipped"; the exit status is 0 only if nothing failed
# and every test program ran to its own summary.
set -u

log=$(mktemp)
trap 'rm -f "$log"' EXIT

cargo test --workspace --no-fail-fast "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}

read -r passed failed skipped < <(awk '
    /^test result: / { gsub(";", ""); p += $4; f += $6; s += $8 }
    /^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { p += $1; f += $3; s += $5 }
    END { print p + 0, f + 0, s + 0 }' "$log")

# Every program that cargo started must have left a summary of one kind.
started=$(grep -c '^ *\(Running\|Doc-tests\) ' "$log")
ended=$(grep -cE '^test result: |^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log")
if [ "$started" != "$ended" ]; then
    echo "$started test programs were started, $ended reported" >&2
    status=1
fi
if [ "$passed" = 0 ]; then
    echo "no test ran" >&2
    status=1
fi
if [ "$failed" = 0 ] && [ "$status" != 0 ]; then
    failed=1
fi
echo
grep -E '^(skipped|passed at the second try|failed): ' "$log" || true
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
