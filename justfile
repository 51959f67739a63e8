# `just` lists these; without just, the lines can be typed as they are.

_default:
    @just --list --unsorted

# all tests
test *ARGS:
    cargo test {{ARGS}}

# the cases in the policy language whose names contain NAME
spec NAME="":
    cargo test --test spec -- "{{NAME}}"

# real packets through the kernel; needs root, nft and ip
kernel NAME="":
    CI=true cargo test --test kernel -- "{{NAME}}"

# companions before the real programs, and those behind a compiled router; needs root and what .ci/run installs
e2e NAME="":
    CI=true cargo test --test e2e -- "{{NAME}}"

# the proof against thousands of edited files, EDITS of each example and target
mutation EDITS="600":
    HEDGEROW_EDITS={{EDITS}} cargo test --profile bench --test mutation -- --nocapture

# broken files before every reader, FILES of each kind
hostile FILES="2000":
    HEDGEROW_HOSTILE={{FILES}} cargo test --profile bench --test hostile

# random policies in the kernel, many of them; needs root, nft and ip
kernel-long CASES="300":
    CI=true HEDGEROW_KERNEL_CASES={{CASES}} cargo test --profile bench --test kernel -- random

# how fast packet sets are
bench *ARGS:
    cargo bench --bench packet_sets -- {{ARGS}}

# what a packet costs on the router; needs root, nft and ip
bench-packets:
    cargo bench --bench packet_cost

# writes the ways in again, and compiles every household into its `out` folder; read the difference before you commit it
examples:
    for way in examples/ways-in/*/; do name="${way%/}"; SOURCE_DATE_EPOCH=1795392000 cargo run --quiet -- --quiet init --force "${way}main.hedge" --mode "${name##*/[0-9][0-9]-}" --router nftables,openwrt,pfsense --zones iot,guest || exit 1; done
    for policy in examples/*/main.hedge; do SOURCE_DATE_EPOCH=1795392000 cargo run --quiet -- compile "${policy%/main.hedge}" || exit 1; done

# lays the sources out
fmt:
    cargo fmt

# what has to be clean
lint:
    cargo fmt --check
    cargo clippy --all-targets -- --deny warnings
