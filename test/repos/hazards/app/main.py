"""Starts on the machine where it was written, and there alone."""
import os
from pathlib import Path

import cv2
import pytesseract
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.sessions import SessionMiddleware

from app.routes import add_routes
from app.users import make_user

HERE = Path(__file__).parent
SITE = os.path.join(os.path.dirname(__file__), "..", "site", "dist")
JWT_SECRET = "s3cr3t-of-everybody"
RESET_PASSWORD = "reset_password"


def create_app(title: str = "hazards") -> FastAPI:
    app = FastAPI(title=title)
    app.add_middleware(SessionMiddleware, secret_key="also-known-to-all")
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    app.mount("/site", StaticFiles(directory=SITE))
    if Path("uploads").is_dir():
        app.mount("/uploads", StaticFiles(directory="uploads"))
    add_routes(app)
    make_user(name="admin", password="123456")
    return app


app = create_app()


@app.get("/api/text")
def text():
    return {"text": pytesseract.image_to_string(cv2.imread("page.png")), "by": JWT_SECRET[:1]}
