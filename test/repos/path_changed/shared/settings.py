import os

TOKEN = os.environ["SHARED_TOKEN"]
