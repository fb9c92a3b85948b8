# The image of all roles: `docker build -t retrace .`, or `docker compose up --build` (compose.yaml).
FROM python:3.11-slim AS build
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY tools/install.py tools/install.py
COPY requirements/run.txt requirements/run.txt
RUN python tools/install.py /opt/retrace requirements/run.txt
COPY . .
RUN /opt/retrace/bin/pip install --no-deps --no-build-isolation --no-cache-dir .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home retrace
COPY --from=build /opt/retrace /opt/retrace
ENV PATH=/opt/retrace/bin:$PATH RETRACE_DATA=/data RETRACE_HOST=0.0.0.0
# Its number, for Kubernetes' runAsNonRoot looks up no names.
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["retrace"]
CMD ["serve"]
