from fastapi import FastAPI

from app import by_decouple, by_dynaconf, by_environs, by_starlette

app = FastAPI(title=by_starlette.COLOUR)


@app.get("/api/health")
def health():
    return {"limit": by_environs.LIMIT, "speed": by_decouple.SPEED, "city": by_dynaconf.settings.STORE.CITY}
