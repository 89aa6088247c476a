# The builder resolves nothing: it installs what uv.lock says. The runtime image gets the finished environment alone.
FROM python:3.13-slim-trixie AS builder
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PROJECT_ENVIRONMENT=/opt/goboard \
    UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /build
# The dependencies first: their layer lives on while only the code changes.
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-dev --extra embedded --extra otel --no-install-project
COPY README.md LICENSE ./
COPY src ./src
RUN uv sync --locked --no-dev --extra embedded --extra otel --no-editable


FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="goboard" \
      org.opencontainers.image.description="A leaderboard engine on Redis sorted sets, over REST, WebSocket and gRPC" \
      org.opencontainers.image.licenses="MIT"
# A fixed number, so that the owner of a mounted folder can be set beforehand.
RUN groupadd --system --gid 10001 goboard \
    && useradd --system --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin goboard \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=builder /opt/goboard /opt/goboard
ENV PATH=/opt/goboard/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GOBOARD_DATA_DIR=/data
# Not /data: a `.env` that lay among the data would be read as settings.
WORKDIR /opt/goboard
VOLUME /data
# A number, not a name: Kubernetes checks `runAsNonRoot` against it.
USER 10001:10001
EXPOSE 8080 50051
STOPSIGNAL SIGTERM
# No proxy: the environment may name one, and it could not reach this container's own port. Its own certificate is for
# the name under which others know it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, ssl, urllib.request as r; scheme = 'https' if os.environ.get('TLS_CERT') else 'http'; port = (os.environ.get('HTTP_PORT') or ':8080').strip().rpartition(':')[2]; r.build_opener(r.ProxyHandler({}), r.HTTPSHandler(context=ssl._create_unverified_context())).open(f'{scheme}://localhost:{port}/health', timeout=2)"]
ENTRYPOINT ["goboard"]
CMD ["serve"]
