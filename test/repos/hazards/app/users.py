def make_user(name, password):
    return {"name": name, "password": hash(password)}
