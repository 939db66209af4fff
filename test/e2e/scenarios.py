"""Reads and runs the conversations of test/scenario: see the README there."""
import re
from pathlib import Path

import lab

FOLDER = lab.ROOT / "test/scenario"


class Scenario:
    """given, typed, model, expected (in order), unwanted, exit: as the lines of the file say."""

    def __init__(self, path):
        self.name, self.given, self.typed, self.expected, self.unwanted, self.exit = Path(path).stem, [], [], [], [], None
        self.model = []  # (pattern, answer) of the scripted model; none: there is no model
        for number, line in enumerate(Path(path).read_text().splitlines(), 1):
            word, _, rest = line.partition(" ")
            where = {"given": self.given, ">": self.typed, "~": self.expected, "!": self.unwanted}.get(word)
            if where is not None:
                where.append(rest)
            elif word == "model":
                pattern, _, answer = rest.partition(" => ")
                self.model.append((pattern, answer))
            elif word == "exit":
                self.exit = int(rest)
            elif line and word != "#":
                raise ValueError(f"{path}:{number}: not understood: {line}")
        if self.exit is None:
            raise ValueError(f"{path}: no exit")

    def judge(self, case, text, code, **names):
        """`text` is all that was written for people, blanks folded: a terminal may break lines anywhere."""
        text = " ".join(lab.plain(text).split())
        at = 0
        for pattern in self.expected:
            found = re.compile(pattern.format(**names)).search(text, at)
            case.assertTrue(found, f"{self.name}: no {pattern!r} after {text[max(0, at - 200):at]!r} in:\n{text[-6000:]}")
            at = found.end()
        for pattern in self.unwanted:
            case.assertNotRegex(text, pattern)
        case.assertEqual(code, self.exit, text[-3000:])


def scenarios():
    return [Scenario(path) for path in sorted(FOLDER.glob("*.chat"))]
