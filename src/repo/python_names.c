/* Names of Python: its standard library, and which package gives which module. */
#include "repo/python_names.h"

#include "base/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
/* Of 3.10 to 3.14, sorted by bytes. */
static const char *const standard[] = {
    "__future__", "_thread", "abc", "aifc", "annotationlib", "argparse", "array", "ast",
    "asynchat", "asyncio", "asyncore", "atexit", "audioop", "base64", "bdb", "binascii",
    "bisect", "builtins", "bz2", "cProfile", "calendar", "cgi", "cgitb", "chunk", "cmath", "cmd",
    "code", "codecs", "codeop", "collections", "colorsys", "compileall", "compression",
    "concurrent", "configparser", "contextlib", "contextvars", "copy", "copyreg", "crypt", "csv",
    "ctypes", "curses", "dataclasses", "datetime", "dbm", "decimal", "difflib", "dis",
    "distutils", "doctest", "email", "encodings", "ensurepip", "enum", "errno", "faulthandler",
    "fcntl", "filecmp", "fileinput", "fnmatch", "fractions", "ftplib", "functools", "gc",
    "getopt", "getpass", "gettext", "glob", "graphlib", "grp", "gzip", "hashlib", "heapq",
    "hmac", "html", "http", "imaplib", "imghdr", "imp", "importlib", "inspect", "io",
    "ipaddress", "itertools", "json", "keyword", "linecache", "locale", "logging", "lzma",
    "mailbox", "mailcap", "marshal", "math", "mimetypes", "mmap", "modulefinder", "msilib",
    "msvcrt", "multiprocessing", "netrc", "nis", "nntplib", "numbers", "operator", "optparse",
    "os", "ossaudiodev", "pathlib", "pdb", "pickle", "pickletools", "pipes", "pkgutil",
    "platform", "plistlib", "poplib", "posix", "pprint", "profile", "pstats", "pty", "pwd",
    "py_compile", "pyclbr", "pydoc", "queue", "quopri", "random", "re", "readline", "reprlib",
    "resource", "rlcompleter", "runpy", "sched", "secrets", "select", "selectors", "shelve",
    "shlex", "shutil", "signal", "site", "smtpd", "smtplib", "sndhdr", "socket", "socketserver",
    "spwd", "sqlite3", "ssl", "stat", "statistics", "string", "stringprep", "struct",
    "subprocess", "sunau", "symtable", "sys", "sysconfig", "syslog", "tabnanny", "tarfile",
    "telnetlib", "tempfile", "termios", "textwrap", "threading", "time", "timeit", "tkinter",
    "token", "tokenize", "tomllib", "trace", "traceback", "tracemalloc", "tty", "turtle",
    "types", "typing", "unicodedata", "unittest", "urllib", "uu", "uuid", "venv", "warnings",
    "wave", "weakref", "webbrowser", "winreg", "winsound", "wsgiref", "xdrlib", "xml", "xmlrpc",
    "zipapp", "zipfile", "zipimport", "zlib", "zoneinfo",
};

/* Modules whose package is called otherwise; a module may have several. */
static const struct {
    const char *module;
    const char *package;
} packages[] = {
    { "Crypto", "pycryptodome" }, { "MySQLdb", "mysqlclient" }, { "OpenSSL", "pyopenssl" },
    { "PIL", "pillow" }, { "attr", "attrs" }, { "bs4", "beautifulsoup4" }, { "bson", "pymongo" },
    { "cv2", "opencv-python" }, { "cv2", "opencv-python-headless" },
    { "dateutil", "python-dateutil" }, { "decouple", "python-decouple" },
    { "discord", "discord-py" }, { "docx", "python-docx" }, { "dotenv", "python-dotenv" },
    { "engineio", "python-engineio" }, { "environ", "django-environ" }, { "faiss", "faiss-cpu" },
    { "fitz", "pymupdf" }, { "gi", "pygobject" }, { "git", "gitpython" },
    { "google.oauth2", "google-auth" }, { "google.protobuf", "protobuf" },
    { "googleapiclient", "google-api-python-client" }, { "gridfs", "pymongo" },
    { "grpc", "grpcio" }, { "igraph", "python-igraph" }, { "jose", "python-jose" },
    { "jwt", "pyjwt" }, { "kafka", "kafka-python" }, { "ldap", "python-ldap" },
    { "magic", "python-magic" }, { "multipart", "python-multipart" }, { "nacl", "pynacl" },
    { "pkg_resources", "setuptools" }, { "pptx", "python-pptx" },
    { "psycopg", "psycopg-binary" }, { "psycopg2", "psycopg2-binary" },
    { "pydantic_core", "pydantic" }, { "ruamel", "ruamel-yaml" }, { "serial", "pyserial" },
    { "skimage", "scikit-image" }, { "sklearn", "scikit-learn" },
    { "slugify", "python-slugify" }, { "socketio", "python-socketio" },
    { "telegram", "python-telegram-bot" }, { "tortoise", "tortoise-orm" },
    { "ulid", "python-ulid" }, { "usb", "pyusb" }, { "win32api", "pywin32" },
    { "wx", "wxpython" }, { "yaml", "pyyaml" }, { "zmq", "pyzmq" },
};

/* What comes along with a package. */
static const struct {
    const char *package;
    const char *with;
} companions[] = {
    { "boto3", "aioboto3" }, { "botocore", "aioboto3" }, { "aiobotocore", "aioboto3" },
    { "yarl", "aiohttp" }, { "multidict", "aiohttp" }, { "sqlalchemy", "alembic" },
    { "mako", "alembic" }, { "pymongo", "beanie" }, { "motor", "beanie" },
    { "pydantic", "beanie" }, { "botocore", "boto3" }, { "kombu", "celery" },
    { "starlette", "fastapi" }, { "pydantic", "fastapi" }, { "typing-extensions", "fastapi" },
    { "anyio", "fastapi" }, { "pyjwt", "fastapi-users" }, { "httpcore", "httpx" },
    { "anyio", "httpx" }, { "certifi", "httpx" }, { "langchain-core", "langchain" },
    { "pydantic", "langchain" }, { "pymongo", "motor" }, { "pymongo", "odmantic" },
    { "motor", "odmantic" }, { "pydantic", "odmantic" }, { "httpx", "openai" },
    { "pydantic", "openai" }, { "numpy", "pandas" }, { "typing-extensions", "pydantic" },
    { "annotated-types", "pydantic" }, { "pydantic", "pydantic-settings" },
    { "python-dotenv", "pydantic-settings" }, { "urllib3", "requests" },
    { "certifi", "requests" }, { "sqlalchemy", "sqlmodel" }, { "pydantic", "sqlmodel" },
    { "anyio", "starlette" }, { "pypika-tortoise", "tortoise-orm" }, { "click", "typer" },
    { "click", "uvicorn" }, { "h11", "uvicorn" },
};

/* Packages that FastAPI and pydantic need only for what is named here. */
static const struct {
    const char *module; /* the first part of it */
    const char *name;
    const char *package;
} implied[] = {
    { "fastapi",   "UploadFile",                "python-multipart" },
    { "fastapi",   "File",                      "python-multipart" },
    { "fastapi",   "Form",                      "python-multipart" },
    { "fastapi",   "OAuth2PasswordRequestForm", "python-multipart" },
    { "fastapi",   "Jinja2Templates",           "jinja2" },
    { "starlette", "Jinja2Templates",           "jinja2" },
    { "starlette", "SessionMiddleware",         "itsdangerous" },
    { "fastapi",   "ORJSONResponse",            "orjson" },
    { "pydantic",  "EmailStr",                  "email-validator" },
};
/* clang-format on */

static int compare_words(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool python_is_standard(const char *module) {
    char top[64];
    const char *word = top;
    size_t n = strcspn(module, ".");

    if (n >= sizeof(top)) {
        return false;
    }
    memcpy(top, module, n);
    top[n] = '\0';
    return bsearch(&word, standard, ARRAY_N(standard), sizeof(standard[0]), compare_words) != NULL;
}

void python_normal_name(struct str name, char out[PYTHON_NAME_MAX]) {
    size_t n = 0;

    for (size_t i = 0; i < name.len && n < PYTHON_NAME_MAX - 1; i++) {
        const unsigned char c = (unsigned char)name.ptr[i];

        if (c == '-' || c == '_' || c == '.') {
            if (n > 0 && out[n - 1] != '-') {
                out[n++] = '-';
            }
        } else if (isalnum(c)) {
            out[n++] = (char)tolower(c);
        } else {
            break;
        }
    }
    while (n > 0 && out[n - 1] == '-') {
        n--;
    }
    out[n] = '\0';
}

/* Whether `module` is `root` or lies in it. */
static bool is_in(const char *module, const char *root) {
    size_t n = strlen(root);

    return strncmp(module, root, n) == 0 && (module[n] == '\0' || module[n] == '.');
}

const char *python_package_of(const char *module, size_t i) {
    for (size_t row = 0; row < ARRAY_N(packages); row++) {
        if (is_in(module, packages[row].module) && i-- == 0) {
            return packages[row].package;
        }
    }
    return NULL;
}

const char *python_companion_of(const char *package, size_t i) {
    for (size_t row = 0; row < ARRAY_N(companions); row++) {
        if (strcmp(package, companions[row].package) == 0 && i-- == 0) {
            return companions[row].with;
        }
    }
    return NULL;
}

const char *python_implied_by(const char *module, const char *name) {
    for (size_t row = 0; row < ARRAY_N(implied); row++) {
        if (is_in(module, implied[row].module) && strcmp(name, implied[row].name) == 0) {
            return implied[row].package;
        }
    }
    return NULL;
}
