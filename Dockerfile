# The server as a small image: packages are installed in the first stage, the second holds no installer.
FROM python:3.11-slim AS packages
COPY requirements.lock /tmp/
RUN python -m venv /opt/steward \
 && /opt/steward/bin/pip install --no-cache-dir --no-deps --disable-pip-version-check -r /tmp/requirements.lock \
 && /opt/steward/bin/pip uninstall --yes --quiet pip setuptools

# What Python code finds in the sandbox, apart from what the server itself imports.
FROM python:3.11-slim AS sandbox
COPY requirements-sandbox.lock /tmp/
RUN pip install --no-cache-dir --no-deps --disable-pip-version-check --target /opt/sandbox/site -r /tmp/requirements-sandbox.lock \
 && MPLCONFIGDIR=/opt/sandbox/matplotlib PYTHONPATH=/opt/sandbox/site python -B -c "import matplotlib.font_manager" \
 && chmod -R go+rX /opt/sandbox

# What the page shows Markdown, code and formulas with.
FROM node:22-slim AS page
WORKDIR /page
COPY package.json package-lock.json ./
COPY scripts/page_libraries.mjs ./scripts/
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && node scripts/page_libraries.mjs

FROM python:3.11-slim
# bubblewrap walls in Python code. tesseract reads scans and pictures; DOCUMENTS__OCR_LANGUAGES other than eng need a package each.
RUN apt-get update && apt-get install -y --no-install-recommends bubblewrap tesseract-ocr tesseract-ocr-eng \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --user-group --home-dir /app --shell /usr/sbin/nologin steward \
 && install -d -o steward -g steward -m 0700 /app/data
COPY --from=packages /opt/steward /opt/steward
COPY --from=sandbox /opt/sandbox /opt/sandbox
WORKDIR /app
COPY LICENSE run_backend.py ./
COPY backend ./backend
COPY frontend ./frontend
COPY --from=page /page/frontend/vendor ./frontend/vendor
RUN /opt/steward/bin/python -m compileall -q backend
USER steward
ENV PATH=/opt/steward/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    SERVER_HOST=0.0.0.0 SERVER_PORT=8000 DATA_DIR=/app/data SANDBOX__SITE_DIR=/opt/sandbox/site
VOLUME /app/data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=2).read()"]
STOPSIGNAL SIGTERM
CMD ["python", "run_backend.py"]
