STATUS = "ok: true"
