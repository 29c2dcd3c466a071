"""What the little servers of the tests have in common: they answer once, with a length, and write no log."""
import http.server
import json


class Answering(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer_json(self, document, status=200):
        self.answer(status, json.dumps(document).encode(), "application/json")

    def redirect(self, address):
        self.send_response(302)
        self.send_header("Location", address)
        self.end_headers()

    def log_message(self, *_):
        pass
