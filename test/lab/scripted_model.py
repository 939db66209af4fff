"""A chat-completions server that answers by rules: for meaning, faults and attacks. It is no model.

A rule is (pattern, answer): the first whose pattern is found in the newest text of the prompt answers. An answer
is text, streamed in small pieces; or a callable that gets (handler, request) and writes what it likes.
"""
import http.server
import json
import re
import threading
import time


class ScriptedModel:
    def __init__(self, rules=(), key=None, otherwise='{"intent":"off_topic","verb":"none","values":[],"question":null}'):
        self.rules, self.key, self.otherwise = list(rules), key, otherwise
        self.requests = []  # every body that came, in order
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                if outer.key and self.headers.get("Authorization") != f"Bearer {outer.key}":
                    return self.send_json(401, {"error": {"message": "bad key", "type": "authentication_error"}})
                if self.path.endswith("/moderations"):
                    return self.send_json(404, {"error": {"message": "File Not Found", "type": "not_found_error", "code": 404}})
                outer.requests.append(body)
                prompt = "\n".join(m["content"] for m in body["messages"] if m["role"] != "system" and m.get("content"))
                answer = next((a for p, a in outer.rules if re.search(p, prompt)), outer.otherwise)
                return answer(self, body) if callable(answer) else self.send_stream(answer, body)

            def send_json(self, code, value):
                data = json.dumps(value).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def chunk(self, value):
                data = f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n".encode()
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()

            def begin_stream(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()

            def end_stream(self):
                self.wfile.write(b"0\r\n\r\n")

            def send_stream(self, text, body):
                one = {"id": "c", "object": "chat.completion.chunk", "model": body["model"]}
                self.begin_stream()
                self.chunk({**one, "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]})
                for i in range(0, len(text), 7):
                    self.chunk({**one, "choices": [{"index": 0, "delta": {"content": text[i:i + 7]}, "finish_reason": None}]})
                self.chunk({**one, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
                used = {"prompt_tokens": 200, "completion_tokens": max(1, len(text) // 4)}
                self.chunk({**one, "choices": [], "usage": {**used, "total_tokens": sum(used.values())}})
                self.chunk("[DONE]")
                self.end_stream()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def env(self):
        return {"OPENAI_BASE_URL": self.url, **({"OPENAI_API_KEY": self.key} if self.key else {})}


def sleeping(seconds):
    """An answer that does not come."""
    return lambda handler, body: time.sleep(seconds)
