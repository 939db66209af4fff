"""What the check scripts share: the project's files, and C text without comments and strings."""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_TOKEN = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""", re.S | re.X)


def files(*patterns):
    """Yields the paths, relative to the root, of tracked and new files that match; never ignored ones."""
    out = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, check=True, capture_output=True).stdout.decode()
    for name in sorted(set(out.split("\0")) - {""}):
        if (ROOT / name).is_file():
            yield name


def c_files():
    return files("src/*.c", "src/*.h", "test/*.c", "test/*.h")


def blank(text):
    """Returns C text of the same length and lines in which comments and literals are blanks."""
    def cover(m):
        first = m.group(0)[0]
        inner = re.sub(r"[^\n]", " ", m.group(0))
        return first + inner[1:-1] + first if first in "\"'" else inner
    return _TOKEN.sub(cover, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def expect(name, cases, judge):
    """Self-test: judge(input) gives findings; each case is (input, whether it must find something).

    A check that lets its planted fault through, or stops the harmless neighbour, ends the run.
    """
    for given, want in cases:
        got = judge(given)
        if bool(got) != want:
            sys.exit(f"{name}: self-test: {given!r}: expected {'a finding' if want else 'none'}, got {got}")


def report(name, findings, green):
    """Prints the findings and ends with 1, or prints one line."""
    if findings:
        for finding in findings:
            print(finding)
        sys.exit(f"{name}: {len(findings)} finding(s)")
    print(f"{name}: {green}")
