# Airflow with what TaskBridge needs, and the sandbox. Built by docker-compose.yaml.
FROM apache/airflow:3.3.2-python3.12@sha256:9df9c8be4096b9cc626bd7cb1f2b8c712eef66c59c615f8c7e6200871ca10bd1

USER root
RUN mkdir -p /opt/taskbridge /sandbox && chown airflow:0 /opt/taskbridge /sandbox
USER airflow
WORKDIR /opt/taskbridge

COPY requirements-celery.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements-celery.txt

COPY --chown=airflow:0 pyproject.toml README.md LICENSE ./
COPY --chown=airflow:0 plugins plugins
COPY --chown=airflow:0 include include
COPY --chown=airflow:0 dags dags
COPY --chown=airflow:0 sandbox sandbox
COPY --chown=airflow:0 stack stack
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e .

ENV PYTHONPATH=/opt/taskbridge/plugins:/opt/taskbridge
