from dynaconf import Dynaconf, Validator

settings = Dynaconf(
    envvar_prefix="SHOP",
    validators=[Validator("STORE.CITY", must_exist=True), Validator("TAX", default=19)],
)
