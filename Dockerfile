# The API, its page and the scraper; run as they are with SQLite in /data, or see compose.yaml.
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/craftwatch
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# The locked dependencies first: they change less often than we do.
COPY requirements.lock ./
RUN /opt/craftwatch/bin/pip install --only-binary :all: --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY scraper scraper
COPY api api
COPY db db
RUN /opt/craftwatch/bin/pip install --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --user-group --no-create-home craftwatch \
    && install -d -o craftwatch -g craftwatch /data
COPY --from=build /opt/craftwatch /opt/craftwatch
ENV PATH=/opt/craftwatch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    CRAFTWATCH_DATABASE_URL=sqlite:////data/craftwatch.db \
    CRAFTWATCH_HOST=0.0.0.0 \
    CRAFTWATCH_LOG=json
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
# The port is open before the first scrape is done, and answers only after it: give that time.
HEALTHCHECK --interval=30s --timeout=6s --start-period=5m --start-interval=5s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ.get(\"CRAFTWATCH_PORT\") or 8000}/v1/health', timeout=5)"]
ENTRYPOINT ["craftwatch"]
CMD ["up"]
