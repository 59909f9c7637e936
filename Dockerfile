# syntax=docker/dockerfile:1
# The site in a small image: one program, no shell script, a user without rights.

FROM rust:1.95-bookworm AS builder
WORKDIR /source
COPY . .
# The caches stay on the building machine, so that the program has to be copied out of the build folder.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/source/target,sharing=locked \
    cargo build --release --locked --package gable \
    && cp target/release/gable /usr/local/bin/gable \
    && install --directory --owner=10001 --group=10001 /data

FROM debian:bookworm-slim
COPY --from=builder /usr/local/bin/gable /usr/local/bin/gable
COPY --from=builder --chown=10001:10001 /data /data
# Without a DATABASE_URL the database is ./gable.db, which is then in the volume.
WORKDIR /data
VOLUME /data
ENV BIND=0.0.0.0:8000
EXPOSE 8000
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["gable", "healthcheck"]
ENTRYPOINT ["gable"]
