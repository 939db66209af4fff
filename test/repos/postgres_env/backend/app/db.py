from sqlalchemy.ext.asyncio import create_async_engine

from app.config import get_settings

settings = get_settings()
engine = create_async_engine(str(settings.database_url))
