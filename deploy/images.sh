#!/bin/sh
# Builds discern-web and discern-worker with the engine that is there: docker, podman or buildah.
#   ENGINE=podman TAG=2026-11-30 WORKER_LOCK=demo REGISTRY=registry.example.org/ sh deploy/images.sh
set -eu
cd "$(dirname "$0")/.."
engines=${ENGINE:-docker podman buildah}
for engine in $engines; do
    command -v "$engine" >/dev/null || continue
    # A client without its service builds nothing.
    if ! told=$("$engine" info 2>&1 >/dev/null); then
        echo "$engine is here, but can't build: $(echo "$told" | tail -n 1)" >&2
        continue
    fi
    for target in web worker; do
        "$engine" build --target "$target" --build-arg LOCK="${WORKER_LOCK:-worker}" \
            -t "${REGISTRY:-}discern-$target:${TAG:-latest}" -f Dockerfile .
    done
    exit 0
done
echo "No engine builds images here: start or install one of $engines, or name another in ENGINE." >&2
exit 1
