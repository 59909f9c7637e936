# What is done often. CI runs the recipe `ci`, which is `.ci/run`.

# What there is
[private]
default:
    @just --list --unsorted

# The site on http://127.0.0.1:8000, with sample listings when its database is new
run *arguments:
    cargo run --release -- {{ arguments }}

# Types and borrows only: the quickest answer
check:
    cargo check --workspace --all-targets

# Every test, or those of the arguments: `just test -p testkit redis`
test *arguments:
    ./scripts/test {{ arguments }}

# Format, lints, dependencies: what CI refuses
lint:
    ./scripts/lint

# The format, and the lints that can be put right without thinking
fix:
    cargo clippy --workspace --all-targets --fix --allow-dirty --allow-staged
    cargo fmt --all

# Listings for the site's database: `just seed 100000`
seed count="25":
    cargo run --release -- seed --count {{ count }}

# The crates' documentation, with broken links refused
docs:
    RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --document-private-items

# PostgreSQL and Redis in containers
up:
    docker compose up --detach --wait

# And away again; their data stays
down:
    docker compose down

# Known vulnerabilities in what we depend on
advisories:
    cargo deny check advisories

# All that CI runs, as it runs it
ci:
    bash .ci/run
