from starlette.config import Config
from starlette.datastructures import Secret

settings = Config(".env")

SESSION = settings("SESSION_TEXT", cast=str)
COLOUR = settings("COLOUR", str, default="blue")
