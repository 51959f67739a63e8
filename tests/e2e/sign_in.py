"""Answers as Authelia, authentik and oauth2-proxy do when a proxy asks them about a request: yes to who has the session,
401 to everybody else as NGINX and oauth2-proxy want it, and a redirection where Caddy or Traefik asks. Where each would
lead back to after the sign-in stands in `Location`, also of a page: each takes it from where the real program does."""

import http.server
import sys
import urllib.parse


class Asked(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, query = self.path.partition("?")
        forwarded = "{X-Forwarded-Proto}://{X-Forwarded-Host}{X-Forwarded-Uri}".format_map(Heard(self.headers))
        known = "session=known" in self.headers.get("Cookie", "")
        if path == "/oauth2/sign_in":
            # The page: the first `rd` of the query goes before the header.
            asked = urllib.parse.parse_qs(query).get("rd", [self.headers.get("X-Auth-Request-Redirect", "/")])
            return self.answer(200, asked[0])
        if known:
            return self.answer(200)
        if path.endswith(("/authz/forward-auth", "/auth/caddy", "/auth/traefik")):
            return self.answer(302, forwarded)
        # authentik is told by nobody but the page that a stranger is sent to.
        self.answer(401, self.headers.get("X-Original-URL") if path.endswith("/authz/auth-request") else None)

    def answer(self, status, back=None):
        self.send_response(status)
        if back:
            self.send_header("Location", "https://auth.example.org/?rd=" + urllib.parse.quote(back, safe=""))
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_POST = do_GET


class Heard(dict):
    """Headers by their names; one that nobody sent is empty."""

    def __init__(self, headers):
        super().__init__(headers)

    def __missing__(self, name):
        return ""


server = http.server.ThreadingHTTPServer(("10.0.20.20", int(sys.argv[1])), Asked)
print("ready")
server.serve_forever()
