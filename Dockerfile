# One image, every role: the command chooses.
#   docker build --tag patchbay .
#   docker run --rm --read-only patchbay patchbay --help
# The base is Debian's or a descendant with Python and its venv module; pin yours by digest.
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
# what Debian has of them on the day of the build; none of it is in the image
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev python3-dev \
    && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv tools && python3 -m venv --without-pip /opt/patchbay && mkdir empty
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN tools/bin/pip install --require-hashes -r requirements/build.txt \
    && tools/bin/pip --python /opt/patchbay/bin/python install --require-hashes \
        -r requirements/runtime.txt
COPY pyproject.toml README.md ./
COPY patchbay patchbay
COPY services services
COPY shared shared
COPY deploy/compile.py deploy/
RUN tools/bin/hatchling build -t wheel \
    && tools/bin/pip --python /opt/patchbay/bin/python install --no-deps --no-index dist/*.whl \
    && tools/bin/pip --python /opt/patchbay/bin/python check \
    && tools/bin/python -m deploy.compile \
        --into "$(/opt/patchbay/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="patchbay" \
      org.opencontainers.image.description="Omnichannel contact router" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/patchbay /opt/patchbay
# a new volume mounted at one of these belongs to the user, too
COPY --from=build --chown=10001:10001 /build/empty /etc/patchbay
COPY --from=build --chown=10001:10001 /build/empty /run/secrets/patchbay
COPY --from=build --chown=10001:10001 /build/empty /var/lib/patchbay
ENV PATH=/opt/patchbay/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /var/lib/patchbay
EXPOSE 8080 2525 9090
STOPSIGNAL SIGTERM
CMD ["patchbay", "serve", "all"]
