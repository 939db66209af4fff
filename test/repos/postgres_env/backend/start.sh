#!/bin/sh
alembic upgrade head
exec uvicorn app.main:app
