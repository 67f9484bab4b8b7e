# syntax=docker/dockerfile:1
# One image, every role: the command chooses. Built without network access to anything but the
# package index; runs as uid 10001 on a read-only root.
ARG BASE_IMAGE=python:3.12-slim-bookworm

FROM ${BASE_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /build
RUN python -m venv /opt/patchbay
COPY requirements/runtime.txt requirements/
RUN /opt/patchbay/bin/pip install --require-hashes -r requirements/runtime.txt
COPY patchbay patchbay
COPY services services
COPY shared shared
RUN cp -r patchbay services shared "$(/opt/patchbay/bin/python -c 'import site; print(site.getsitepackages()[0])')" \
    && /opt/patchbay/bin/python -m compileall -q /opt/patchbay

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="patchbay" \
      org.opencontainers.image.description="Omnichannel contact router" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 patchbay \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin patchbay \
    && install -d -o 10001 -g 10001 /var/lib/patchbay
COPY --from=build /opt/patchbay /opt/patchbay
ENV PATH=/opt/patchbay/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /var/lib/patchbay
EXPOSE 8080 2525 9090
STOPSIGNAL SIGTERM
ENTRYPOINT ["python"]
CMD ["-m", "patchbay", "serve", "all"]
