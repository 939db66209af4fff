"""A scripted model server. It is a fake, for meaning and for faults; protocol and grammar are judged by llama.cpp's own server.

    with FakeModel() as model:
        model.say("hello")                       the next answer, streamed
        model.say({"intent": "deploy", ...})     the same as JSON text
        model.call("repo_reader__read_file", path="README.md")
        model.fail(429, headers={"retry-after": "1"}, error={"code": "insufficient_quota"})
        model.raw("HTTP/1.1 200 OK\\r\\n...")      bytes as they are; then the connection closes
        model.always(f)                          f(request) -> one of the answers below, for every other request
        ... run the program with model.env() ...
        model.requests                           what came: {"path", "headers", "body"}

An answer is a function of the handler. Each chunk of a stream is flushed by itself.
"""
import http.server
import json
import re
import threading
import time

LIFE_S = 900


def chunk(delta=None, finish=None, **more):
    return {"id": "c", "object": "chat.completion.chunk", "model": "fake",
            "choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}], **more}


def usage(prompt=100, completion=10):
    return {"id": "c", "object": "chat.completion.chunk", "choices": [],
            "usage": {"prompt_tokens": prompt, "completion_tokens": completion}}


def stream(*chunks, done=True, pause_s=0.0, end=b""):
    """Server-sent events, one a chunk; a str is sent as it is. `end`: what follows, before the connection closes."""
    def answer(handler):
        handler.start(200, {"content-type": "text/event-stream", "connection": "close"})
        for part in chunks:
            handler.send(part if isinstance(part, (str, bytes)) else f"data: {json.dumps(part)}\n\n")
            if pause_s:
                time.sleep(pause_s)
        if done:
            handler.send("data: [DONE]\n\n")
        handler.send(end)
    return answer


def text(words, finish="stop", prompt=100, completion=None):
    words = words if isinstance(words, str) else json.dumps(words)
    pieces = [words[i:i + 7] for i in range(0, len(words), 7)]
    return stream(chunk({"role": "assistant", "content": None}), *(chunk({"content": piece}) for piece in pieces),
                  chunk(finish=finish), usage(prompt, completion or max(1, len(words) // 4)))


def calls(rows):
    """Calls of several functions in one answer: (name, arguments) each."""
    parts = []
    for n, (name, arguments) in enumerate(rows):
        body = arguments if isinstance(arguments, str) else json.dumps(arguments)
        parts.append(chunk({"role": "assistant", "tool_calls": [
            {"index": n, "id": f"call_{n + 1}", "type": "function", "function": {"name": name, "arguments": ""}}]}))
        parts += [chunk({"tool_calls": [{"index": n, "function": {"arguments": body[i:i + 5]}}]}) for i in range(0, len(body), 5)]
    return stream(*parts, chunk(finish="tool_calls"), usage())


def call(name, arguments):
    return calls([(name, arguments)])


def failure(status, headers=None, error=None):
    def answer(handler):
        body = json.dumps({"error": {"message": "scripted", **(error or {})}}).encode()
        handler.start(status, {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})})
        handler.send(body)
    return answer


def answer(body):
    """An answer that is no stream."""
    def send(handler):
        data = json.dumps(body).encode()
        handler.start(200, {"content-type": "application/json", "content-length": str(len(data))})
        handler.send(data)
    return send


def raw(data):
    def answer(handler):
        handler.close_connection = True
        handler.send(data)
    return answer


def endless(piece=" tick"):
    def answer(handler):
        handler.start(200, {"content-type": "text/event-stream", "connection": "close"})
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            handler.send(f"data: {json.dumps(chunk({'content': piece}))}\n\n")
    return answer


def hang(*chunks):
    def answer(handler):
        stream(*chunks, done=False)(handler)
        time.sleep(60)
    return answer


def moderation(**categories):
    def answer(handler):
        names = {name.replace("_", "-").replace("--", "/"): flagged for name, flagged in categories.items()}
        body = json.dumps({"results": [{"flagged": any(names.values()), "categories": names}]}).encode()
        handler.start(200, {"content-type": "application/json", "content-length": str(len(body))})
        handler.send(body)
    return answer


def prompt_of(request):
    """What a request for an answer tells the model, but for the program's own rules; "" of any other request."""
    messages = request["body"].get("messages", [])
    return "\n".join(m["content"] for m in messages if m["role"] != "system" and m.get("content"))


def form_of(request):
    """The name of the form that an answer is to keep to; "" for text."""
    return request["body"].get("response_format", {}).get("json_schema", {}).get("name", "")


# What a model says that has nothing to say, by form.
NOTHING = {"answers": {"answers": []}, "concern": {"concerns": []}, "words": {"text": "Nothing to add.", "notes": []},
           "report": {"meaning": "Nothing to add.", "line": None, "next": "Nothing."}, "explain": {"cause": "Nothing to add.", "proposals": []}}


class FakeModel:
    def __init__(self):
        self.requests, self.script, self.other = [], [], None
        self.count = None  # f(text) -> tokens; with it by_rules() answers say what they really cost, in `spent`
        self.spent = []    # (prompt, completion) of each
        self.lock = threading.Lock()
        model = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *args):
                pass

            def handle(self):
                try:
                    super().handle()
                except ConnectionError:
                    pass  # the client has heard enough

            def start(self, status, headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                    if name == "connection":
                        self.close_connection = True
                self.end_headers()

            def send(self, data):
                self.wfile.write(data.encode() if isinstance(data, str) else data)
                self.wfile.flush()

            def do_POST(self):
                data = self.rfile.read(int(self.headers.get("content-length", "0")))
                request = {"path": self.path, "headers": dict(self.headers), "body": json.loads(data or b"null")}
                model.take(request)(self)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()

    def take(self, request):
        with self.lock:
            self.requests.append(request)
            if request["path"].endswith("/moderations") and self.other is None and not self.script:
                return moderation()
            if self.script:
                return self.script.pop(0)
            if self.other is None:
                return failure(500, {"retry-after-ms": "1"})
            return self.other(request)

    def next(self, *answers):
        self.script += answers

    def say(self, words, **more):
        self.next(text(words, **more))

    def call(self, name, **arguments):
        self.next(call(name, arguments))

    def fail(self, status, headers=None, error=None):
        self.next(failure(status, headers, error))

    def always(self, function):
        self.other = function

    def by_rules(self, rules, otherwise):
        """Answers by the first rule (pattern, answer) whose pattern is found in the prompt. An answer is text, or a function of
        the request that gives one, or gives an answer as above. `rules` may grow. `otherwise` is for what a line means and
        for text; another form that no rule fits has nothing to say."""
        def answer(request):
            if request["path"].endswith("/moderations"):
                return moderation()
            nothing = NOTHING.get(form_of(request), otherwise)
            found = next((a for p, a in rules if re.search(p, prompt_of(request))), nothing)
            found = found(request) if callable(found) else found
            return found if callable(found) else self.counted(request, found)
        self.always(answer)

    def counted(self, request, words):
        """The answer with its use: texts of the messages, four tokens around each, and the form as its text."""
        if self.count is None:
            return text(words)
        body = request["body"]
        prompt = sum(4 + self.count(m.get("content") or "") + self.count(json.dumps(m.get("tool_calls", ""))) for m in body["messages"])
        prompt += sum(self.count(json.dumps(body[name])) for name in ("response_format", "tools") if name in body)
        self.spent.append((prompt, max(1, self.count(words))))
        return text(words, prompt=prompt, completion=self.spent[-1][1])

    def env(self, key="sk-test-0123456789abcdefghij"):
        return {"OPENAI_BASE_URL": self.url, "OPENAI_API_KEY": key}
