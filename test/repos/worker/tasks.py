import os

from celery import Celery

queue = Celery("x", broker=os.environ["CELERY_BROKER_URL"])
