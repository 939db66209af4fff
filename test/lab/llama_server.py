"""llama.cpp's own HTTP server, from the wheel of xllamacpp:  llama_server.py PORT MODEL.gguf LIFE_S [--api-key KEY] [--embeddings]

Run by LLAMA_PYTHON of scripts/setup.sh. Prints "listening" when it is; ends with its standard input, or after LIFE_S.
"""
import os
import sys
import threading

import xllamacpp


def main(port, model, life_s, *key):
    params = xllamacpp.CommonParams()
    params.model.path, params.hostnames, params.port = model, ["127.0.0.1"], int(port)
    params.n_ctx, params.n_parallel = 16384, 2
    params.cpuparams.n_threads = 1  # more of them spin on a busy machine
    params.ui, params.use_jinja, params.offline = False, True, True
    params.model_alias = {"tiny"}
    key = list(key)
    if "--embeddings" in key:
        key.remove("--embeddings")
        params.embedding, params.n_parallel = True, 1  # with two slots texts of one batch come back wrong
        params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    if key:
        params.api_keys = [key[1]]
    server = xllamacpp.Server(params)  # noqa: F841 (serves as long as it lives)
    print("listening", flush=True)
    threading.Timer(float(life_s), lambda: os._exit(0)).start()
    sys.stdin.read()
    os._exit(0)


main(*sys.argv[1:])
