"""Records the README's terminal session: a person deploys the example by conversation, on the local AWS.

    "$JUDGE_PYTHON" test/e2e/record.py docs/session     writes docs/session.cast (asciicast v2)
    VENV/bin/python test/e2e/record.py --png docs/session.cast docs/session.png LINE...

The second needs pyte and Pillow, and a monospaced font of the machine; it draws the screen as it was when the last
output in which LINE stands had come.
"""
import json
import os
import pathlib
import sys
import time
import unittest

COLUMNS, ROWS = 104, 44


def record(path):
    sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / "lab")]
    import lab
    import local_aws
    import todo

    class Recording(todo.TodoCase):
        def record(self):
            self.bootstrapped()
            self.todo(name="todo")
            rows, began = [], time.monotonic()
            with self.talk("chat", "--app", "todo", env=self.todo_env(AWS_REGION=self.region), cwd=self.repo, rows=ROWS,
                           columns=COLUMNS) as talk:
                read = talk._read

                def reading(wait_s):
                    before = len(talk.transcript)
                    more = read(wait_s)
                    if len(talk.transcript) > before:
                        rows.append([round(time.monotonic() - began, 3), "o", talk.transcript[before:]])
                    return more

                talk._read = reading
                talk.expect("say deploy")
                for waits, line in ((None, "could you put this on aws in Ireland?"), (r"Go on\?", "yes"),
                                    (r"Execute exactly this\?", "why do you need the authorizer?"), (r"set\s+away", "yes"),
                                    (r"https://\S+", "is it up?"), (r"_COMPLETE", "that's all, thanks")):
                    if waits:
                        talk.expect(waits)
                    talk.expect(r"[>\]] $")
                    talk.send_line(line)
                self.assertEqual(talk.wait(), 0)
            private = [(str(self.dir), "/home/ana"), (self.app, "todo")]
            with open(path + ".cast", "w") as file:
                file.write(json.dumps({"version": 2, "width": COLUMNS, "height": ROWS, "title": "aws-copilot"}) + "\n")
                for row in rows:
                    for own, shown in private:
                        row[2] = row[2].replace(own, shown)
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")

    aws = local_aws.LocalAws(local_aws.free_port())
    try:
        aws.start(auth=True, life_s=600)
        os.environ["AWSCOPILOT_LAB_PORT"] = str(aws.port)
        return unittest.TextTestRunner().run(Recording("record")).wasSuccessful()
    finally:
        aws.stop()


PALETTE = {"black": "#000000", "red": "#e06c75", "green": "#98c379", "brown": "#d19a66", "yellow": "#e5c07b", "blue": "#61afef",
           "magenta": "#c678dd", "cyan": "#56b6c2", "white": "#dcdfe4", "default": "#dcdfe4"}


def draw(cast, png, line):
    import pyte
    from PIL import Image, ImageDraw, ImageFont

    with open(cast) as file:
        head, *rows = [json.loads(text) for text in file]
    last = max(i for i, row in enumerate(rows) if line in "".join(r[2] for r in rows[max(0, i - 3):i + 1]))
    screen = pyte.Screen(head["width"], head["height"])
    stream = pyte.Stream(screen)
    for row in rows[:last + 1]:
        stream.feed(row[2])
    folder = "/usr/share/fonts/truetype/dejavu/"
    plain, bold = (ImageFont.truetype(folder + name, 15) for name in ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"))
    wide, high = plain.getlength("M"), 19
    image = Image.new("RGB", (int(wide * head["width"]) + 24, high * head["height"] + 24), "#1e2127")
    pen = ImageDraw.Draw(image)
    for y in range(head["height"]):
        for x in range(head["width"]):
            cell = screen.buffer[y][x]
            colour = PALETTE.get(cell.fg, "#" + cell.fg if len(cell.fg) == 6 else PALETTE["default"])
            if cell.data.strip():
                pen.text((12 + x * wide, 12 + y * high), cell.data, colour, bold if cell.bold else plain)
    image.save(png, optimize=True)


if __name__ == "__main__":
    if sys.argv[1] == "--png":
        draw(sys.argv[2], sys.argv[3], " ".join(sys.argv[4:]))
    else:
        sys.exit(0 if record(sys.argv[1]) else 1)
