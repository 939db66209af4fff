#!/usr/bin/env python3
"""Judges the count of tokens by tiktoken, the reference, on strings made to be hard.

    tokens_judge.py [STRINGS [SEED [FOLDER...]]]    the long run: this many strings for each encoding
    (1,000,000), every character there is, and every file below the folders

test_tokens.py takes a few thousand of the same. The ranks are those of scripts/setup.sh, their digests and the
patterns are tiktoken's own. The driver tokens_probe (test/drivers/tokens_probe.c) counts with the program's code.
"""
import base64
import gzip
import hashlib
import itertools
import os
import random
import struct
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import tiktoken
from tiktoken_ext import openai_public

ENCODINGS = {"o200k_base": 1, "cl100k_base": 2}  # as enum encoding numbers them


def load_ranks(url, expected_hash):
    """Stands in for tiktoken's own loader, which would fetch the file."""
    data = (Path(os.environ["TOKEN_RANKS"]) / url.rsplit("/", 1)[1]).read_bytes()
    if hashlib.sha256(data).hexdigest() != expected_hash:
        raise ValueError(f"{url} is not what tiktoken expects")
    return {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, data.splitlines())}


def reference(name):
    openai_public.load_tiktoken_bpe = load_ranks
    return tiktoken.Encoding(**getattr(openai_public, name)())


class Probe:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ids(self, name, data):
        self.process.stdin.write(struct.pack("=BI", ENCODINGS[name], len(data)) + data)
        self.process.stdin.flush()
        count, = struct.unpack("=I", self.process.stdout.read(4))
        return list(struct.unpack(f"={count}I", self.process.stdout.read(4 * count)))

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(10)


class Strings:
    """Strings that find the corners of the patterns and of merging, by a seed."""

    SPACES = "\t\n\v\f\r \u0085\u00a0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\ufeff\u180e\u200b"
    CONTRACTIONS = ["'s", "'S", "'\u017f", "'t", "'T", "'re", "'rE", "'VE", "'m", "'ll", "'lL", "'l", "'d", "'", "\u2019s", "'x"]
    ALPHABETS = ["-", "=", "a", " ", "\n", "ab", "-=", "a ", " \n", "\r\n", "\r\n/", "/-\n", "\u02b0A", "\u02b0Aa", "A\u0301", "Aa",
                 "\u0301-", "01", "1a", ".,", "\u4e00\u4e01", "\u0e01\u0e34", "aaab", "xyz", "\u0410\u0430", "\U0001f600\u200d",
                 "\u01c5a", "'s", "' s", "_a", "#", "\x00", "\u00c2\u00c3", "(){};", "ACGT", "0123456789abcdef"]

    # What people write with more than one character: marks, joiners, syllables, selectors, flags, numbers that are no digits.
    CLUSTERS = ["e\u0301\u0323", "a" + "\u0300\u0316" * 9, "\u1112\u1161\u11ab", "\ud55c\uae00", "\u3131\u314f", "\u0915\u094d\u0937\u093f",
                "\u0ba8\u0bbf", "\u0e01\u0e33\u0e49", "\u0f40\u0f7c", "\u0d15\u0d4d\u200d", "\u1006\u103b\u1031", "\u0644\u0651\u064e\u0627", "\u05e9\u05c1\u05b8",
                "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U0001f1e9\U0001f1ea", "\u2764\ufe0f",
                "\U0001f44d\U0001f3fd", "3\ufe0f\u20e3", "\u01c5ep", "\u01f2\u01cb", "\u1f88\u1fbc", "\ufb03", "\u017f's\u017f'\u017f", "\u0130i\u0307\u0131",
                "\u1e9e\u00df", "\u2163\u2173", "\u00b2\u00be\u2460", "\u0661\u06f2\u0969", "\uff11\uff21\uff41", "\U0001d7d8\U0001d400", "\u02bc\u02b0",
                "\u30fc\u30cf\uff9e", "\u4e0d\u3005", "\U00020000\U0002a6df", "\ufeff", "\u0085", "\u180e", "\u2028\u2029", "\u00ad", "\u200b",
                "\u0345\u0363", "\u20dd\u0488", "\ue000\U000f0000", "\ufffd", "\ufffe\U0010ffff", "\x00", "\x7f\x1b["]
    # What is not UTF-8, of each kind: alone, too few, too long for what it says, surrogates, beyond the last, never used.
    BROKEN = [b"\x80", b"\xbf\xbf", b"\xc3", b"\xe2\x82", b"\xe1\x80", b"\xf0\x9f", b"\xf0\x9f\x98", b"\xf4\x8f\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80",
              b"\xe0\x9f\xbf", b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf4\x90\x80\x80",
              b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80", b"\xfe", b"\xff\xfe", b"\xe2(\xa1", b"\xf0(\x8c\xbc", b"\xf0\x90\xc3\xa9"]

    def __init__(self, seed, tokens, texts):
        self.random, self.tokens, self.texts = random.Random(seed), tokens, texts
        self.pools = {}
        for point in range(0x110000):
            if not 0xd800 <= point < 0xe000:
                self.pools.setdefault(unicodedata.category(chr(point)), []).append(chr(point))
        self.pools = list(self.pools.values()) + [[chr(c) for c in range(128)]] * 8 + [list(self.SPACES)] * 3
        self.kinds = [self.points, self.words, self.blanks, self.run, self.joined, self.repeated, self.bytes, self.slice,
                      self.long, self.clusters, self.broken, self.at_borders]

    def points(self):
        pick = self.random
        return "".join(pick.choice(pick.choice(self.pools)) for _ in range(pick.randint(1, 40))).encode()

    def words(self):
        pick = self.random
        letters = "abcXYZ\u00e9\u00c9\u02b0\u4e00\u0301\u01c5 -1_"
        return "".join("".join(pick.choices(letters, k=pick.randint(0, 5))) + pick.choice(self.CONTRACTIONS)
                       for _ in range(pick.randint(1, 6))).encode()

    def blanks(self):
        pick = self.random
        return "".join("".join(pick.choices(self.SPACES, k=pick.randint(0, 6))) + pick.choice(["", "a", "A", "-", "/", "7", "'s", "\u0301"])
                       for _ in range(pick.randint(1, 8))).encode()

    def run(self):
        """Long pieces over few characters."""
        pick = self.random
        length = int(5000 ** pick.random()) + 20
        return "".join(pick.choices(pick.choice(self.ALPHABETS), k=length)).encode()

    def joined(self):
        pick = self.random
        return b"".join(pick.choices(self.tokens, k=pick.randint(2, 12)))

    def repeated(self):
        pick = self.random
        return pick.choice(self.tokens) * pick.randint(2, 40) + pick.choice(self.tokens)

    def bytes(self):
        pick = self.random
        data = bytearray(self.joined())
        for _ in range(pick.randint(1, 4)):
            data[pick.randrange(len(data))] = pick.randrange(256)
        return bytes(data)

    def slice(self):
        """A part of a real text, in places changed."""
        pick = self.random
        text = pick.choice(self.texts)
        at = pick.randrange(max(1, len(text) - 10))
        data = bytearray(text[at:at + pick.randint(5, 400)])
        for _ in range(pick.randint(0, 3)):
            data.insert(pick.randrange(len(data) + 1), pick.randrange(256))
        return bytes(data)

    def long(self):
        """One piece, mostly: 100 to 5,000 bytes over a few characters of one or two classes, in runs."""
        pick = self.random
        pool = pick.choice(self.pools) + (pick.choice(self.pools) if pick.random() < 0.3 else [])
        letters, out = pick.choices(pool, k=pick.randint(1, 4)), bytearray()
        length = pick.randint(100, 5000)
        while len(out) < length:
            out += pick.choice(letters).encode() * (1 if pick.random() < 0.7 else pick.randint(2, 70))
        return bytes(out)

    def clusters(self):
        pick = self.random
        few = pick.choices(self.CLUSTERS, k=pick.randint(1, 5))
        glue = pick.choices(["", "", " ", "'s", "a", "A", "\n", "-", "7", "  "], k=3)
        return "".join(pick.choice(few) * pick.choice((1, 1, 1, 2, 30)) + pick.choice(glue) for _ in range(pick.randint(1, 30))).encode()

    def broken(self):
        pick = self.random
        return b"".join(pick.choice(self.BROKEN) * pick.choice((1, 1, 2, 9)) + pick.choice((b"", b"a", b" ", b"'s", b"\n", "\u00e9".encode(), pick.choice(self.tokens)))
                        for _ in range(pick.randint(1, 20)))

    def at_borders(self):
        """Long and broken characters where the driver's chunks meet: each length has its own."""
        pick = self.random
        length = pick.randint(62, 600) if pick.random() < 0.9 else pick.randint(4097, 9000)
        chunk, out = 1 + length % (4093 if length > 4096 else 61), bytearray(pick.choice(self.tokens) * length)[:length]
        for at in range(chunk, length - 8, chunk * pick.randint(1, 3)):
            what = pick.choice(self.BROKEN) if pick.random() < 0.4 else pick.choice(self.CLUSTERS).encode()[:8]
            from_ = at - pick.randint(0, min(len(what), at))
            out[from_:from_ + len(what)] = what
        return bytes(out)

    def next(self):
        return self.random.choice(self.kinds)()


def texts_of(root):
    """What stands in this repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout.split(b"\0")
    files = [root / os.fsdecode(name) for name in sorted(listed) if name]
    return [data for data in (file.read_bytes() for file in files if file.is_file()) if data]


class Judge:
    def __init__(self, probe):
        self.probe, self.references = Probe(probe), {name: reference(name) for name in ENCODINGS}

    def difference(self, name, data):
        """None, or a sentence: where the first difference is."""
        text = data.decode("utf-8", "replace")
        want = self.references[name].encode_ordinary(text)
        got = self.probe.ids(name, data)
        if got == want and self.references[name].decode_bytes(got) != text.encode():
            return f"{name} of {data[:300]!r} does not come back"
        return None if got == want else f"{name} of {data[:300]!r} ({len(data)} bytes): {got[:40]}, not {want[:40]}"


def characters(points):
    """Each of these characters beside a letter, a number and a blank."""
    points = [point for point in points if not 0xd800 <= point < 0xe000]
    for at in range(0, len(points), 4096):
        yield "\n".join(f"A{chr(point)}b 1{chr(point)}" for point in points[at:at + 4096]).encode()


def files_below(folders):
    """What stands in the files, unpacked, in parts of at most 64 KB."""
    for folder in folders:
        for file in sorted(Path(folder).rglob("*")):
            if file.is_file() and not file.is_symlink():
                data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
                for at in range(0, len(data), 1 << 16):
                    yield data[at:at + (1 << 16)]


class Tally:
    def __init__(self, judge):
        self.judge, self.texts, self.bytes, self.bad = judge, 0, 0, 0

    def take(self, name, data):
        self.texts += 1
        self.bytes += len(data)
        found = self.judge.difference(name, data)
        if found:
            self.bad += 1
            print(found, flush=True)
        if self.texts % 100000 == 0:
            print(self, flush=True)

    def __str__(self):
        return f"{self.texts} texts, {self.bytes / 1e6:.0f} MB, {self.bad} differ"


def main(strings="1000000", seed=None, *folders):
    root = Path(__file__).resolve().parents[2]
    probe = os.environ.get("AWSCOPILOT_TOKENS_PROBE") or str(root / "build/src/guard/tokens_probe")
    seed = int(seed or time.time())
    tally = Tally(Judge(probe))
    texts = texts_of(root)
    print(f"seed {seed}", flush=True)
    for name, encoding in tally.judge.references.items():
        source = Strings(seed, list(encoding.token_byte_values()), texts)
        for _ in range(int(strings)):
            tally.take(name, source.next())
        for data in itertools.chain(characters(range(0x110000)), files_below(folders)):
            tally.take(name, data)
    print(tally)
    return 1 if tally.bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
