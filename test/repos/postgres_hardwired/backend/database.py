from sqlalchemy import create_engine

USER = "shop"
DATABASE_URL = f"postgresql+psycopg://{USER}:{USER}@localhost:5432/shop"

engine = create_engine(DATABASE_URL, pool_pre_ping=True)
