"""The model: llama.cpp's own server for protocol, grammar and streams; a scripted one for meaning and every fault. No AWS."""
import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zlib
from pathlib import Path

import fake_model as fake
import lab
import model_probe
import tokens_judge

SECRET = "AKIAIOSFODNN7EXAMPLE"
HELLO = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "say hello"}]
GOOD = {"concerns": [{"where": "plan", "text": "a wide role"}]}


class RealServer(unittest.TestCase):
    """What llama.cpp's server says to what we send. The words are noise."""

    @classmethod
    def setUpClass(cls):
        if not os.path.exists(lab.tools().get("LLAMA_PYTHON", "")):
            raise unittest.SkipTest("the wheel of llama.cpp's server is not installed (scripts/setup.sh says why)")
        cls.chat = model_probe.LlamaServer("chat", key="sk-local-0123456789")
        cls.addClassCleanup(cls.chat.stop)

    def test_text_streams_with_its_use(self):
        with model_probe.Probe(self.chat.env()) as probe:
            answers = [probe.ask(messages=HELLO, answer_max=60, creative=True) for _ in range(3)]
        for answer in answers:
            self.assertIn(answer.get("finish"), ("stop", "length"), answer)
            self.assertGreater(answer["in"], 10)
            self.assertLessEqual(answer["out"], 60)

    def test_every_form_is_kept_to(self):
        with model_probe.Probe(self.chat.env()) as probe:
            for form in model_probe.forms():
                for _ in range(3):
                    answer = probe.ask(messages=HELLO, form=form, answer_max=4000)
                    self.assertNotIn("error", answer, form)
                    model_probe.judge(form, answer["json"])

    def test_a_tool_that_is_offered_is_asked_for(self):
        tools = model_probe.LlamaServer("tools", key="sk-local-0123456789")
        self.addCleanup(tools.stop)
        with model_probe.Probe(tools.env()) as probe:
            answer = probe.ask(messages=HELLO, offer=["repo_reader.read_file"], answer_max=4000)
        self.assertEqual(answer.get("finish"), "tool_calls", answer)
        for call in answer["calls"]:
            self.assertEqual((call["name"], call.get("operation", "read_file")), ("repo_reader__read_file", "read_file"))

    def test_a_wrong_key_a_prompt_that_is_too_long_and_no_filter(self):
        with model_probe.Probe(self.chat.env()) as probe:
            self.assertEqual(probe.ask(messages=[{"role": "user", "content": "x " * 20000}])["error"], "too_large")
            self.assertEqual(probe.ask(moderate="hello")["answer"], "absent")
        with model_probe.Probe({**self.chat.env(), "OPENAI_API_KEY": "sk-wrong"}) as probe:
            answer = probe.ask(messages=HELLO)
            self.assertEqual((answer["error"], answer["cost"]), ("credentials", "nothing"))

    def test_an_answer_can_be_cancelled_while_it_streams(self):
        with model_probe.Probe(self.chat.env()) as probe:
            answers = [probe.ask(messages=HELLO, form="understand", answer_max=4000, cancel_after=2) for _ in range(3)]
            self.assertEqual({answer.get("error") for answer in answers}, {"cancelled"})
            self.assertNotIn("error", probe.ask(messages=HELLO, answer_max=10))


    def test_embeddings_of_the_real_server(self):
        server = model_probe.LlamaServer("chat", "sk-local-0123456789", "--embeddings")
        self.addCleanup(server.stop)
        texts = ["the bucket is not empty", "the bucket was not empty", "quota exceeded xyz", f"key {SECRET}"]
        with model_probe.Probe(server.env()) as probe:
            answer = probe.ask(embed=texts)
            rows = answer["numbers"]
            self.assertEqual(len(rows), 4, answer)
            self.assertEqual(len({len(row) for row in rows}), 1)
            self.assertGreater(answer["in"], 40)
            self.assertGreater(self.cosine(rows[0], rows[1]), self.cosine(rows[0], rows[2]))
            again = probe.ask(embed=[texts[0], "key ***"])["numbers"]
            self.assertGreater(self.cosine(rows[0], again[0]), 0.999)
            self.assertGreater(self.cosine(rows[3], again[1]), 0.999, "the mask came too late")
        with model_probe.Probe(self.chat.env()) as probe:
            self.assertIn("error", probe.ask(embed=texts))  # this one was started without

    @staticmethod
    def cosine(a, b):
        return sum(x * y for x, y in zip(a, b)) / (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5

    def test_a_score_of_noise_is_low_and_no_crash(self):
        """The understanding suite on a model whose words mean nothing: it ends, and says so."""
        rows = "put it into Tokyo\tchange region=ap-northeast-1\nwe moved to Paris\tchange region=eu-west-3\n"  # no noise says that
        run = score(self.chat.env(), rows)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertRegex(run.stdout, r"model-check: gpt-4.1-mini, 2 sentences: intent \d+\.0 %, .* all 0\.0 %; \d without an answer")


def score(env, rows):
    """scripts/model-check's program on these rows."""
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        file.write(rows)
        file.flush()
        return subprocess.run([sys.executable, lab.ROOT / "test/understanding/model_check.py",
                               Path(lab.program()).parent / "tool/model_probe", "gpt-4.1-mini", file.name],
                              env={"PATH": "/usr/bin:/bin", **env}, text=True, capture_output=True, timeout=60)


class Scored(unittest.TestCase):
    def test_a_model_is_scored_by_what_its_answers_say(self):
        def answer(request):
            said = request["body"]["messages"][-1]["content"]
            region = {"Paris": "eu-west-3", "Tokyo": "us-east-1"}.get(said.split()[-1])
            if "poem" in said:
                return fake.failure(500, {"retry-after-ms": "1"})
            values = [{"name": "region", "value": region, "said": said.split()[-1]}] if region else []
            return fake.text({"intent": "change" if region else "verb", "verb": "none" if region else "deploy", "values": values, "question": None})

        with fake.FakeModel() as model:
            model.always(answer)
            run = score(model.env(), "deploy it\tverb deploy\nput it into Paris\tchange region=eu-west-3\n"
                        "put it into Tokyo\tchange region=ap-northeast-1\nwrite a poem\toff_topic\n")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("4 sentences: intent 75.0 %, verb 75.0 %, values 50.0 %, all 50.0 %; 1 without an answer", run.stdout)
        self.assertIn("WRONG 'put it into Tokyo'", run.stdout)
        self.assertIn("NONE  'write a poem'", run.stdout)


class Faults(unittest.TestCase):
    """A model server that misbehaves in each way we know; the fake says what, the client must end well."""

    def setUp(self):
        self.model = fake.FakeModel()
        self.enterContext(self.model)
        self.probe = self.enterContext(model_probe.Probe({**self.model.env(), "MODEL_PROBE_STALL_MS": "1500"},
                                                         "gpt-4.1-mini", "gpt-4o-mini"))

    def enterContext(self, manager):  # of Python 3.11's unittest only
        result = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        return result

    def fails(self, code, *answers, **asked):
        self.model.script = list(answers)
        began = time.monotonic()
        answer = self.probe.ask(messages=HELLO, **asked)
        self.assertEqual(answer.get("error"), code, answer)
        self.assertLess(time.monotonic() - began, 45, "it was to end long before its deadline")
        self.model.script = []
        return answer

    def test_a_good_answer(self):
        self.model.say(GOOD)
        answer = self.probe.ask(messages=HELLO, form="concern")
        self.assertEqual((answer["json"], answer["model"]), (GOOD, "gpt-4.1-mini"))
        body = self.model.requests[0]["body"]
        self.assertEqual((body["temperature"], body["stream"], body["stream_options"]), (0.2, True, {"include_usage": True}))
        self.assertTrue(body["response_format"]["json_schema"]["strict"])

    def test_a_filter_that_drips_or_says_nothing_is_unknown_at_the_deadline(self):
        over = threading.Event()
        self.addCleanup(over.set)

        def drip(handler):
            handler.start(200, {"content-type": "application/json", "content-length": "999"})
            while not over.wait(0.1):
                handler.send(" ")

        for answer in (drip, lambda handler: over.wait(60)):
            self.model.next(answer)
            said = self.probe.ask(moderate="hello", timeout_ms=700)
            self.assertEqual(said["answer"], "unknown")
            self.assertIn("within", said["why"])
        self.assertEqual(len(self.model.requests), 2, "what may have been judged is not asked again")

    def test_answers_that_are_none(self):
        for code, answer in (
                ("too_large", fake.endless()),
                ("protocol", fake.stream(fake.chunk({"content": "cut"}), done=False)),
                ("protocol", fake.raw("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 999\r\n\r\ndata: {")),
                ("protocol", fake.stream("data: {\"choices\": nonsense\n\n")),
                ("protocol", fake.text("I would rather talk")),
                ("protocol", fake.text({"concerns": [{"where": 7}]})),
                ("protocol", fake.text({**GOOD, "approve": True})),
                ("protocol", fake.text(GOOD, finish="tired")),
                ("protocol", fake.text(GOOD, finish="length")),
                ("service", fake.text(GOOD, finish="content_filter")),
                ("protocol", fake.stream(fake.chunk({"content": "a"}), fake.chunk(finish="stop"), fake.chunk(finish="length"))),
                ("protocol", fake.stream(fake.chunk({"content": "a", "refusal": "no"}, "stop"))),
                ("service", fake.stream(fake.chunk({"refusal": "I will not"}, "stop"))),
                ("service", fake.stream(fake.chunk({"content": "a"}), {"error": {"message": "out of memory"}})),
                ("timeout", fake.hang(fake.chunk({"content": "a"}))),
                ("too_large", fake.raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ndata: " + b"x" * (2 << 20))),
                ("protocol", fake.raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n\x1f\x8b\x08"
                                      + bytes(17))),
                ("protocol", fake.raw("HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n")),
                ("protocol", fake.raw("nothing of HTTP\r\n\r\n"))):
            with self.subTest(code=code, number=len(self.model.requests)):
                self.fails(code, answer, form="concern", answer_max=300)

    def test_a_server_that_sends_a_byte_now_and_then_ends_with_the_deadline(self):
        def drip(handler):
            handler.start(200, {"content-type": "text/event-stream", "connection": "close"})
            for _ in range(120):
                handler.send(":")
                time.sleep(0.5)
        self.assertEqual(self.fails("timeout", drip, timeout_ms=3000)["cost"], "unknown")

    def test_tools_that_do_not_exist_or_are_called_wrongly_are_told_and_not_called(self):
        for answer, problem in ((fake.call("shell_runner__run", {"command": ["rm", "-rf", "/"]}), "there is no such function"),
                                (fake.call("repo_reader__read_file", {"path": 7}), "path"),
                                (fake.call("repo_reader__read_file", {"path": "a", "force": True}), "force"),
                                (fake.call("repo_reader__read_file", "{\"path\": "), "no JSON object")):
            self.model.next(answer)
            call, = self.probe.ask(messages=HELLO, offer=["repo_reader.read_file"])["calls"]
            self.assertIn(problem, call["problem"])
            self.assertNotIn("operation", call)
        self.model.next(fake.call("repo_reader__read_file", {"path": "README.md"}))
        call, = self.probe.ask(messages=HELLO, offer=["repo_reader.read_file"])["calls"]
        self.assertEqual((call["tool"], call["operation"], call["args"]), ("repo_reader", "read_file", {"path": "README.md"}))

    def test_quota_and_outage_take_the_fallback_and_what_was_spent_is_not_sent_again(self):
        self.model.fail(429, error={"code": "insufficient_quota"})
        self.model.say("hello")
        self.assertEqual(self.probe.ask(messages=HELLO)["model"], "gpt-4o-mini")
        answer = self.fails("service", *[fake.failure(503, {"retry-after-ms": "1"})] * 6)
        self.assertEqual((answer["cost"], answer["waits"]), ("nothing", 4))
        before = len(self.model.requests)
        self.assertEqual(self.fails("service", fake.failure(504))["cost"], "unknown")
        self.assertEqual(len(self.model.requests), before + 1)

    def test_embeddings_that_are_none(self):
        good = {"data": [{"index": 1, "embedding": [0, 1]}, {"index": 0, "embedding": [1, 0]}], "usage": {"prompt_tokens": 7}}
        self.model.next(fake.answer(good))
        self.assertEqual(self.probe.ask(embed=["a", "b"]), {"numbers": [[1, 0], [0, 1]], "in": 7})
        self.assertEqual(self.model.requests[-1]["body"], {"model": "tiny-embeddings", "encoding_format": "float", "input": ["a", "b"]})
        row = good["data"][0]
        for code, body in (("protocol", {}), ("protocol", {"data": [row]}), ("protocol", {"data": [row, row]}),
                           ("protocol", {"data": [row, {"index": 0, "embedding": [1]}]}),
                           ("protocol", {"data": [row, {"index": 0, "embedding": ["1", "2"]}]}),
                           ("protocol", {"data": [row, {"index": 7, "embedding": [1, 2]}]}),
                           ("protocol", {"data": [{"index": 0, "embedding": []}, {"index": 1, "embedding": []}]})):
            self.model.next(fake.answer(body))
            self.assertEqual(self.probe.ask(embed=["a", "b"]).get("error"), code, body)
        self.model.next(*[fake.failure(503, {"retry-after-ms": "1"})] * 2)
        self.assertEqual(self.probe.ask(embed=["a"])["error"], "service")

    def test_what_is_sent_is_masked(self):
        self.model.say("hello")
        self.probe.ask(messages=[{"role": "user", "content": f"my key is {SECRET}"}])
        self.assertNotIn(SECRET, json.dumps(self.model.requests[0]["body"]))
        self.assertIn("***", json.dumps(self.model.requests[0]["body"]))


class Moderated(lab.Case):
    """The program with a filter: what it flags, and what happens when it does not answer."""

    def setUp(self):
        super().setUp()
        self.repo = self.copy_repo("test/repos/api_only")
        self.keys = self.aws.user("ada", account=self.account)

    def chat(self, env, *lines, **more):
        return self.run_program("chat", "--json", "--region", lab.REGION, keys=self.keys, cwd=self.repo, stdin="".join(line + "\n" for line in lines), **env, **more)

    def records(self):
        """All that the store's tables hold, bodies unpacked."""
        found = b""
        with contextlib.closing(sqlite3.connect(self.home / ".local/state/aws-copilot/store.db")) as store:
            for table, in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                for row in store.execute(f'SELECT * FROM "{table}"'):
                    for value in row:
                        data = value if isinstance(value, bytes) else str(value).encode()
                        found += data + b"".join(self.unpacked(data[skip:]) for skip in range(12))
        self.assertTrue(b'"illicit"' in found, "nothing was unpacked")
        return found

    @staticmethod
    def unpacked(data):
        try:
            return zlib.decompressobj(-15).decompress(data)
        except zlib.error:
            return b""

    def test_malice_that_the_filter_knows_ends_the_conversation_and_leaves_its_hash(self):
        with fake.FakeModel() as model:
            model.next(fake.moderation(illicit=True))
            run = self.chat(model.env(), "deploy the thing that I told you about", "hello")
        self.assertEqual((run.code, run.result["status"]), (5, "refused"), str(run))
        self.assertIn("(illicit)", json.dumps(run.events))
        self.assertNotIn("hello; say deploy", json.dumps(run.events))
        self.assertEqual(model.requests[0]["path"], "/v1/moderations")
        self.assertFalse(b"thing that I told you about" in self.records(), "the text is on record")

    def unknown(self, *answers):
        """What is said where the filter answers so in INTAKE and in ASK: nothing is built, nothing changed. How often it was asked."""
        left = list(answers)
        with fake.FakeModel() as model:
            model.always(lambda request: left.pop(0) if len(left) > 1 else left[0])
            watch = self.proxy()
            run = self.chat(model.env(), "deploy", endpoint=watch.url)
        said = "; ".join(row.get("problem", "") for row in run.of_type("question"))
        self.assertEqual(run.code, 2, str(run))  # the question whether to try again has no answer
        self.assertEqual({row["phase"] for row in run.of_type("phase")}, {"intake", "context", "ask", "closure"})
        self.assertEqual(watch.count(".*", "(Create|Update|Delete|Execute|Put).*"), 0)
        self.assertRegex(said, "the moderation filter does not answer .*, and nothing is changed before it has")
        return said, len(model.requests)

    def test_while_the_filter_is_unknown_nothing_is_changed(self):
        for words, asked, answer in (("500", 4, fake.failure(500, {"retry-after-ms": "1"})),
                                     ("429", 2, fake.failure(429, {"retry-after": "30"})),
                                     ("is not JSON", 2, fake.raw("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nnothing")),
                                     ("is not understood", 2, fake.answer({"results": []})),
                                     ("closed", 2, fake.raw(""))):
            with self.subTest(words):
                said, times = self.unknown(answer)
                self.assertIn(words, said)
                self.assertEqual(times, asked, "in INTAKE and in ASK, with their tries")

    def test_a_filter_that_says_nothing_is_given_up_and_one_that_is_slow_is_heard(self):
        held, down = threading.Event(), fake.failure(500, {"retry-after-ms": "1"})
        self.addCleanup(held.set)
        said, times = self.unknown(down, down, lambda handler: held.wait(60))
        self.assertIn("did not answer within 10 s", said)
        self.assertEqual(times, 3)
        with fake.FakeModel() as model:
            model.next(lambda handler: (time.sleep(1.5), fake.moderation(illicit=True)(handler)))
            run = self.chat(model.env(), "deploy the thing that I told you about")
        self.assertEqual((run.code, run.result["status"]), (5, "refused"), str(run))

    def test_an_address_without_https_is_told_and_not_used(self):
        run = self.chat({"OPENAI_BASE_URL": "http://models.example.com/v1", "OPENAI_API_KEY": "sk-test-0123456789abcdef"}, "deploy")
        self.assertIn("without https", json.dumps(run.events))
        self.assertNotIn("sk-test-0123456789abcdef", run.stdout + run.stderr)


class Budget(lab.Case):
    """What a person sees of the tokens of a session: at 80 %, at the budget, at the ceiling; and who may raise it."""
    LINES = ("sing me a song", "and another one", "and a third")
    LEVEL = "budget for the model is used{}: {} of {} tokens for questions, {} of {} for answers"
    ASKED = "when it does not suffice you are asked whether to raise it, once; commands such as deploy and status work without the model"
    AGAIN = "commands such as deploy and status work without the model; when aws-copilot is started again it has a new budget"
    RAISE = ("This session's budget for the model is used up: 80000 tokens for questions, 40000 for answers. Commands such as deploy and "
             "status work without it. Raise it, once, to 120000 and 60000?")
    SPENT, CEILING = "✗ this session's budget for the model is used up → " + AGAIN, "✗ this session's highest budget for the model is used up → " + AGAIN
    NO_HELP = "that is nothing I can help with: I take this repository to AWS and look after it there; help lists how"

    def setUp(self):
        super().setUp()
        self.repo = self.copy_repo("test/repos/api_only")
        self.args = {"keys": self.aws.user("ada", account=self.account), "cwd": self.repo}

    def costly(self, *answers):
        """A model whose answers cost as many tokens, as it says."""
        model, left = self.enterContext(fake.FakeModel()), list(answers)
        nothing = json.dumps({"intent": "off_topic", "verb": "none", "values": [], "question": None})
        model.always(lambda request: fake.moderation() if request["path"].endswith("/moderations")
                     else fake.text(nothing, completion=left.pop(0)))
        return model

    def asked(self, model):
        return sum(not request["path"].endswith("/moderations") for request in model.requests)

    def level(self, what, remedy, used, *counts):
        return f"! {what} " + self.LEVEL.format(used, *counts) + f" → {remedy}"

    def says(self, said, *sentences):
        """Each sentence is on the screen, whole and as often as it is told; a screen breaks its lines where it wants."""
        said = " ".join(lab.plain(said).split())
        for sentence in set(sentences):
            self.assertEqual(said.count(sentence), sentences.count(sentence), f"{sentence}\n{said}")

    def test_a_pipe_is_told_and_a_no_goes_on_without_the_model(self):
        model = self.costly(33000, 8000)
        run = self.run_program("chat", "--region", lab.REGION, **self.args, **model.env(),
                               stdin="".join(line + "\n" for line in (*self.LINES, "no", "and a fourth", "status", "quit")))
        self.says(run.stdout + run.stderr, self.level("80 % of this session's", self.ASKED, "", 100, 80000, 33000, 40000),
                  self.level("this session's", self.ASKED, " up", 200, 80000, 41000, 40000), self.RAISE, self.SPENT, self.SPENT,
                  "✗ which application? there is no aws-copilot.yml here")
        self.assertEqual((run.code, self.asked(model)), (2, 2), str(run))  # the code of the last command

    def test_a_pipe_of_json_is_told_the_same_and_asked_by_an_event(self):
        model = self.costly(33000, 8000)
        run = self.run_program("chat", "--region", lab.REGION, "--json", **self.args, **model.env(),
                               stdin="".join(line + "\n" for line in (*self.LINES, "and a fourth", "quit")))
        told = [(row["code"], row["text"], row["remedy"]) for row in run.of_type("warning")]
        self.assertEqual(told, [
            ("tokens_near", "80 % of this session's " + self.LEVEL.format("", 100, 80000, 33000, 40000), self.ASKED),
            ("tokens_spent", "this session's " + self.LEVEL.format(" up", 200, 80000, 41000, 40000), self.ASKED)])
        questions = [(row["field"], row["question"], row["default"], row["help"]) for row in run.of_type("question")]
        self.assertEqual(questions, [("token_budget", self.RAISE, "no", "no: the model is not asked any more until aws-copilot is started again")])
        verdicts = [(row["agent"], row["code"], row["verdict"], row["text"], row["remedy"]) for row in run.of_type("verdict")]
        self.assertEqual(verdicts, [("orchestrator", "token_budget", "deny", "this session's budget for the model is used up", self.AGAIN)] * 2)
        self.says(run.stderr, self.SPENT, self.SPENT)
        self.assertEqual((run.code, self.asked(model)), (0, 2), str(run))

    def test_at_a_terminal_a_yes_raises_it_once_to_the_ceiling(self):
        model = self.costly(33000, 8000, 19500)
        with self.talk("chat", "--region", lab.REGION, **self.args, **model.env(), columns=80) as talk:
            for line, shown in zip((*self.LINES, "yes", "and a fourth"), ("> $", "80 %", "asked whether", r"\[y/N\] $", "highest")):
                talk.expect(shown)
                if not shown.endswith("$"):
                    talk.expect("> $")
                talk.send_line(line)
            talk.expect("started\\s+again it has a new budget")
            talk.expect("> $")
            talk.send_line("quit")
            self.assertEqual(talk.wait(), 0)
        self.says(talk.transcript, self.level("80 % of this session's", self.ASKED, "", 100, 80000, 33000, 40000),
                  self.level("this session's", self.ASKED, " up", 200, 80000, 41000, 40000), self.RAISE,
                  self.level("this session's highest", self.AGAIN, " up", 300, 120000, 60500, 60000), self.CEILING)
        self.assertEqual(self.asked(model), 3)

    def test_a_real_server_is_asked_to_the_ceiling_on_screens_of_80_and_120_columns(self):
        if not os.path.exists(lab.tools().get("LLAMA_PYTHON", "")):
            raise unittest.SkipTest("the wheel of llama.cpp's server is not installed (scripts/setup.sh says why)")
        server = model_probe.LlamaServer("chat", key="sk-local-0123456789")
        self.addCleanup(server.stop)
        for columns, answer in ((80, "yes"), (120, "no")):
            with self.screen("chat", "--region", lab.REGION, **self.args, **server.env(), rows=50, columns=columns) as screen:
                screen.expect("> ?$")
                for number in range(99):
                    screen.type(f"please tell me story {number} about the green house on the hill and its many windows")
                    screen.keys("Enter")
                    if screen.expect(rf"story {number} [\s\S]*\n *(>|\[y/N\]) ?$")[1] == "[y/N]":
                        screen.type(answer)
                        screen.keys("Enter")
                        screen.expect(rf"\[y/N\] {answer}[\s\S]*\n> ?$")
                    if "started again" in " ".join(screen.text().split()) and "✗" in screen.text():
                        break
                screen.type("quit")
                screen.keys("Enter")
                screen.expect(r"\[exit 0\]")
                said = " ".join(screen.text(history=True).split())
            raised = answer == "yes"
            remedies = f"({re.escape(self.ASKED)}|{re.escape(self.AGAIN)})"  # noise of the model may follow
            rows = re.findall(r"! 80 % of this session's " + self.LEVEL.format("", *[r"(\d+)"] * 4) + f" → {remedies}", said)
            self.assertEqual([(row[1], row[3], row[4]) for row in rows],
                             [("80000", "40000", self.ASKED)] + [("120000", "60000", self.AGAIN)] * raised, said)
            for taken, budget, *_ in rows:
                self.assertLessEqual(int(budget) * 4 // 5, int(taken))
                self.assertLessEqual(int(taken), int(budget))
            self.says(said, self.RAISE, self.CEILING if raised else self.SPENT)


class KilledUnderWay(unittest.TestCase):
    """kill -9 with ten questions under way at a server that counts what comes, as tiktoken does, and holds its answers."""
    SAID = "The change is small and nothing that runs is interrupted. " * 12

    def setUp(self):
        self.count = tokens_judge.reference("o200k_base").encode_ordinary
        self.go, self.model = threading.Event(), self.enterContext(fake.FakeModel())
        self.addCleanup(self.go.set)
        self.dir = self.enterContext(tempfile.TemporaryDirectory())
        said = [fake.chunk({"content": self.SAID}), fake.chunk({"content": self.SAID})]
        # Every third has said something when its process dies, the others nothing.
        self.model.always(lambda request: lambda handler: (
            fake.stream(*said, done=False)(handler) if len(self.model.requests) % 3 == 0 else None, self.go.wait(60)))

    def enterContext(self, manager):  # of Python 3.11's unittest only
        result = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        return result

    def bill(self):
        """What the server saw: prompts, and answers, were each as long as it may become."""
        requests = list(self.model.requests)
        return (sum(len(self.count(message["content"])) for request in requests for message in request["body"]["messages"]),
                sum(request["body"]["max_completion_tokens"] for request in requests))

    def covers(self, taken, bill, top):
        """What was taken is at least what the server may bill, and no more than may be spent."""
        self.assertGreaterEqual(taken["in"], bill[0])
        self.assertGreaterEqual(taken["out"], bill[1])
        self.assertFalse(taken["in"] > top[0] or taken["out"] > top[1], taken)

    def held(self, top, *words):
        """A process with its questions under way: the process, and what it says then. What it found on record covers what came before it."""
        before = self.bill()
        process = subprocess.Popen([Path(lab.program()).parent / "tool/ledger_probe", self.dir, *words], text=True, stdout=subprocess.PIPE,
                                   env={"PATH": "/usr/bin:/bin", **self.model.env()})
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close()))
        self.covers(json.loads(process.stdout.readline())["taken"], before, top)
        return process, json.loads(process.stdout.readline())

    def dies(self, asked, top, *words):
        """kill -9 once the server has seen so many questions in all."""
        process, under_way = self.held(top, *words)
        deadline = time.monotonic() + 60
        while len(self.model.requests) < asked:
            self.assertLess(time.monotonic(), deadline, f"{len(self.model.requests)} questions came: {under_way}")
            time.sleep(0.01)
        process.kill()
        process.wait()
        self.assertEqual(len(self.model.requests), asked)
        self.covers(under_way["taken"], self.bill(), top)
        return under_way["begun"], under_way["refused"]

    def all_are_refused(self, top, *words):
        asked = len(self.model.requests)
        process, under_way = self.held(top, *words)
        self.assertEqual(json.loads(process.stdout.readline())["ended"], ["token_budget"] * 10)
        self.assertEqual(len(self.model.requests), asked, "nothing fits, and nothing is sent")
        return under_way["taken"]["in"]

    def test_what_the_server_saw_is_counted_and_neither_budget_nor_ceiling_is_passed(self):
        default, ceiling = (80000, 40000), (120000, 60000)
        self.assertEqual(self.dies(10, default, "next", "10"), (10, 0))
        self.assertEqual(self.dies(16, default, "again", "10"), (6, 4), "taken up: the same ten once more, and six fit")
        self.assertEqual(self.dies(17, ceiling, "again", "10", "yes"), (1, 9), "a person is asked where there is a place: at the last")
        self.assertEqual(self.dies(24, ceiling, "next", "10", "yes"), (7, 3))
        self.all_are_refused(ceiling, "again", "10", "yes")
        self.assertGreater(self.all_are_refused(ceiling, "next", "10", "yes"), default[0])


class Noise(lab.Case):
    """A conversation with llama.cpp's own server: forms that are kept to, and words that mean nothing."""

    def test_nothing_that_noise_says_is_taken_up(self):
        if not os.path.exists(lab.tools().get("LLAMA_PYTHON", "")):
            raise unittest.SkipTest("the wheel of llama.cpp's server is not installed (scripts/setup.sh says why)")
        server = model_probe.LlamaServer("chat", "sk-local-0123456789")
        self.addCleanup(server.stop)
        watch = self.proxy()
        lines = [line for n in range(12) for line in (f"bitte mach irgendwas mit der anwendung nummer {n}", "no")]
        run = self.run_program("chat", "--region", lab.REGION, keys=self.aws.user("ada", account=self.account), endpoint=watch.url,
                               cwd=self.copy_repo("test/repos/api_only"), stdin="".join(line + "\n" for line in [*lines, "quit"]), **server.env())
        with contextlib.closing(sqlite3.connect(self.home / ".local/state/aws-copilot/store.db")) as store:
            asked, = store.execute("SELECT count(*) FROM sessions WHERE kind = 'query'").fetchone()
        self.assertGreaterEqual(asked, 8, "the model was hardly asked")
        self.assertEqual(watch.count(".*", "(Create|Update|Delete|Execute|Put).*"), 0)
        self.assertNotRegex(run.stdout + run.stderr, r"\w is \S+ from now on", "a value that nobody said was taken up")
        self.assertNotIn("\x1b", run.stdout)


class Remembered(lab.Case):
    """What was learnt, found by the embeddings of a server where the person's settings name one."""

    def chat(self, model, *lines):
        return subprocess.run([lab.program(), "chat"], text=True, timeout=60, cwd=self.repo, input="".join(line + "\n" for line in lines),
                              env={**self.env(keys=self.keys, region=lab.REGION), **model.env()}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout

    def test_a_server_finds_what_no_word_says_and_without_it_this_machine_answers(self):
        self.keys = self.aws.user("ada", account=self.account)
        self.repo = self.copy_repo("test/repos/flask_app")
        settings = self.home / ".config/aws-copilot/config.yml"
        settings.parent.mkdir(parents=True)
        settings.write_text("version: 1\nmodels:\n  embeddings: tiny\n")
        sent = []

        def answer(request):
            if request["path"].endswith("/moderations"):
                return fake.moderation()
            if not request["path"].endswith("/embeddings"):
                return fake.text("nothing")
            sent.extend(request["body"]["input"])
            if down:
                return fake.failure(500, {"retry-after-ms": "1"})
            rows = [[1.0, 0.0] if "lask" in text or "zebra" in text else [0.0, 1.0] for text in request["body"]["input"]]
            return fake.answer({"data": [{"index": n, "embedding": row} for n, row in enumerate(rows)], "usage": {"prompt_tokens": 9}})

        down = False
        with fake.FakeModel() as model:
            model.always(answer)
            shown = self.chat(model, "deploy", "have we seen zebra before", "quit")
            self.assertRegex(" ".join(shown.split()), r"Seen before: .*Flask", shown)
            down = True
            shown = self.chat(model, "have we seen the back end made with Flask before", "quit")
        self.assertIn("Looking by this machine's own reading", shown)
        self.assertRegex(" ".join(shown.split()), r"Seen before: .*Flask", shown)
        self.assertEqual(sum(text.startswith("the back end is made with Flask") for text in sent), 1, "a text is sent once")
