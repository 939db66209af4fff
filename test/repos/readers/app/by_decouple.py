from decouple import config as read

REGION_NAME = read("REGION_NAME")
SPEED = read("SPEED", 3, cast=int)
