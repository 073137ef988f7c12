# Heitler with its environment, built from uv.lock. How to use it: docs/containers.md
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS environment
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make g++ \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/heitler
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY scripts scripts
COPY src src
# Horovod is compiled here, against exactly the TensorFlow of the lock.
RUN scripts/setup.sh && touch .venv/.ready && rm -rf /root/.cache .tools

FROM ${BASE}
# git and make: DVC and the two commands; ssh: workers on other hosts (cluster.launcher: hosts).
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make g++ openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home heitler
COPY --from=environment /opt/heitler /opt/heitler
# USER: DVC's git wants a name also of a user whom the image does not know (docker run --user).
ENV PATH=/opt/heitler/.venv/bin:${PATH} \
    USER=heitler \
    MLFLOW_DISABLE_TELEMETRY=true \
    PYTHONUNBUFFERED=1
USER heitler
WORKDIR /work
CMD ["heitler", "doctor"]
