"""The count of tokens against tiktoken, the reference. No AWS."""
import json
import re
import subprocess
import unicodedata
import unittest
from pathlib import Path

import lab
import tiktoken
import tokens_judge

ROOT = Path(__file__).resolve().parents[2]
STRINGS, SEED = 3000, 20261124

# What a character of each class matches, and what none of them matches, in the reference's own engine.
CLASSES = {"UPPER": r"[^\p{Lu}\p{Lt}]", "LOWER": r"[^\p{Ll}]", "LETTER": r"[^\p{Lm}\p{Lo}]", "MARK": r"[^\p{M}]",
           "NUMBER": r"[^\p{N}]", "NEWLINE": r"[^\r\n]", "SPACE": r"[^\s]|[\r\n]", "OTHER": r"[\p{L}\p{M}\p{N}\s]"}


class Tokens(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.judge = tokens_judge.Judge(str(Path(lab.program()).parent / "guard/tokens_probe"))

    @classmethod
    def tearDownClass(cls):
        cls.judge.probe.close()

    def same(self, name, data):
        self.assertIsNone(self.judge.difference(name, data))

    def test_every_character_is_of_the_class_that_the_reference_finds(self):
        rows = re.findall(r"FROM\((0x[0-9a-f]+), ([A-Z]+)\)", (ROOT / "src/guard/tokens/character.def").read_text())
        self.assertEqual(rows[0][0], "0x0")
        starts = [int(start, 16) for start, _ in rows] + [0x110000]
        members = {name: [] for name in CLASSES}
        for (_, name), start, end in zip(rows, starts, starts[1:]):
            self.assertLess(start, end)
            members[name] += [chr(point) for point in range(start, end) if not 0xd800 <= point < 0xe000]
        bytes_alone = {bytes([byte]): byte for byte in range(256)}
        for name, foreign in CLASSES.items():
            finder = tiktoken.Encoding(name, pat_str=foreign, mergeable_ranks=bytes_alone, special_tokens={})
            self.assertEqual(finder.encode_ordinary("".join(members[name])), [], name)

    def test_characters_count_as_with_the_reference_beside_letters_numbers_and_blanks(self):
        # Those that have a meaning, and a few of the others; tokens_judge.py takes all.
        points = [point for point in range(0x110000) if point % 64 == 0 or unicodedata.category(chr(point)) not in ("Cn", "Co")]
        for name in tokens_judge.ENCODINGS:
            for data in tokens_judge.characters(points):
                self.same(name, data)

    def test_hard_strings_have_the_ranks_of_the_reference(self):
        texts = tokens_judge.texts_of(ROOT)
        for name, encoding in self.judge.references.items():
            source = tokens_judge.Strings(SEED, list(encoding.token_byte_values()), texts)
            for _ in range(STRINGS):
                self.same(name, source.next())

    def test_the_files_of_this_repository_have_the_ranks_of_the_reference(self):
        for name in tokens_judge.ENCODINGS:
            for text in tokens_judge.texts_of(ROOT):
                self.same(name, text)

    def test_single_pieces_of_200_kb_have_the_ranks_of_the_reference(self):
        for name in tokens_judge.ENCODINGS:
            for alphabet in ("abc", "0123456789abcdef", "-=", "ABCDabcd"):
                source = tokens_judge.random.Random(len(alphabet))
                self.same(name, "".join(source.choices(alphabet, k=200_000)).encode())

    def test_the_verb_counts_standard_input(self):
        text = (ROOT / "src/guard/tokens/tokens_test.c").read_bytes() * 9 + b"\xff\xf0\x9f"  # more than one chunk
        for name, encoding in self.judge.references.items():
            want = len(encoding.encode_ordinary(text.decode("utf-8", "replace")))
            run = subprocess.run([lab.program(), "tokens", "--encoding", name, "--json"], input=text, capture_output=True)
            self.assertEqual((run.returncode, run.stderr), (0, b""))
            self.assertEqual(json.loads(run.stdout), {"encoding": name, "tokens": want, "bytes": len(text)})
        # A file instead; its name, not its content, can be wrong.
        file = str(ROOT / "src/guard/tokens/tokens_test.c")
        run = subprocess.run([lab.program(), "tokens", file], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        want = len(self.judge.references["o200k_base"].encode_ordinary(Path(file).read_text()))
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"%d\n" % want, b""))
        for name, code, says in (("/nonexistent", 6, b"No such file"), (str(ROOT), 2, b"is a folder"), ("", 2, b"is empty")):
            run = subprocess.run([lab.program(), "tokens", name], stdin=subprocess.DEVNULL, capture_output=True, check=False)
            self.assertEqual((run.returncode, run.stdout), (code, b""), name)
            self.assertIn(says, run.stderr)
        run = subprocess.run([lab.program(), "tokens"], input=b"onat", capture_output=True)
        self.assertEqual((run.returncode, run.stdout), (0, b"2\n"))

    def test_the_verb_refuses_what_never_ends(self):
        run = subprocess.run([lab.program(), "tokens"], input=b"a" * (17 << 20), capture_output=True)
        self.assertEqual(run.returncode, 1)
        self.assertIn("in 16 MB of the text no word ends\n    → give a text of words".encode(), run.stderr)
