from environs import Env

env = Env()
env.read_env()

LIMIT = env.int("LIMIT", 10)
TOPIC = env.str("TOPIC")
NAMES = env.list("NAMES", default=["a"])
