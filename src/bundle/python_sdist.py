"""Fetches one source package from a package index and unpacks it. Runs nothing of it.

Reads {"name","version","hashes":["sha256:..."],"indexes":["https://..."],"to":FOLDER} from standard input.
Exits 0, or 1 with one line about why on standard error.
"""

import hashlib
import json
import pathlib
import sys
import tarfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile

BYTES_MAX = 200 << 20
KIND = "application/vnd.pypi.simple.v1+json"  # PEP 691


def read(url, kind="*/*"):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": kind}), timeout=60) as answer:
            data = answer.read(BYTES_MAX + 1)
    except urllib.error.HTTPError:
        raise
    except OSError as error:  # in uv's words, so that a host of files is learned from them
        tunnel = "\n  tunnel error" if "Tunnel connection failed" in str(error) else ""
        sys.exit(f"error: Failed to fetch {url}: {error}\n  error sending request for url ({url}){tunnel}")
    if len(data) > BYTES_MAX:
        sys.exit(f"error: {url} is larger than {BYTES_MAX >> 20} MB")
    return data


def files_of(index, name):
    """Yields (URL, file name, sha256) of the index's page."""
    page = index.rstrip("/") + f"/{name}/"
    for file in json.loads(read(page, KIND))["files"]:
        yield urllib.parse.urljoin(page, file["url"]), file["filename"], file.get("hashes", {}).get("sha256", "")


def find(request):
    for index in request["indexes"]:
        try:
            for url, name, digest in files_of(index, request["name"]):
                if name.endswith((".tar.gz", ".zip")) and f"sha256:{digest}" in request["hashes"]:
                    return url, name, digest
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
    sys.exit(f"error: no index has a source package of {request['name']} {request['version']} with a digest of the lock")


def is_plain(member):
    """A file or folder inside; `tarfile` itself looks at that only since Python 3.11.4."""
    path = pathlib.PurePosixPath(member.name)
    return (member.isreg() or member.isdir()) and not path.is_absolute() and ".." not in path.parts


def unpack(file, to):
    if file.name.endswith(".zip"):
        with zipfile.ZipFile(file) as archive:
            archive.extractall(to)
        return
    with tarfile.open(file) as archive:
        if hasattr(tarfile, "data_filter"):
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(to, [member for member in archive.getmembers() if is_plain(member)])


def main():
    request = json.load(sys.stdin)
    url, name, digest = find(request)
    data = read(url)
    if hashlib.sha256(data).hexdigest() != digest:
        sys.exit(f"error: Hash mismatch: {url}")
    to = pathlib.Path(request["to"])
    to.mkdir(parents=True)
    file = to.parent / pathlib.PurePath(name).name
    file.write_bytes(data)
    unpack(file, to)
    if len(list(to.iterdir())) != 1:
        sys.exit(f"error: {name} does not hold one folder")
    next(to.iterdir()).rename(to / "package")


main()
