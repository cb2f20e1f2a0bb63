"""A task for a worker of Celery, whose broker is the current folder; as a program, its client."""

import json
import sys

from celery import Celery
from process_models import answer

app = Celery("celery_app", broker="filesystem://", backend="file://.")
app.conf.broker_transport_options = {
    "data_folder_in": ".",
    "data_folder_out": ".",
    "polling_interval": 0.1,
}
task = app.task(answer, name="answer")

if __name__ == "__main__":
    results = [task.delay(token) for token in sys.argv[1:]]
    json.dump([result.get(timeout=50, interval=0.1) for result in results], sys.stdout)
