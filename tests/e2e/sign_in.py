"""Answers as Authelia, authentik and oauth2-proxy do when a proxy asks them about a request: yes to who has the session,
401 to everybody else as NGINX and oauth2-proxy want it, and a redirection where Caddy or Traefik asks."""

import http.server
import sys


class Asked(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = "session=known" in self.headers.get("Cookie", "")
        redirects = self.path.endswith(("forward-auth", "/auth/caddy", "/auth/traefik"))
        self.send_response(200 if known else 302 if redirects else 401)
        if not known:
            self.send_header("Location", "https://auth.example.org/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_POST = do_GET


server = http.server.ThreadingHTTPServer(("10.0.20.20", int(sys.argv[1])), Asked)
print("ready")
server.serve_forever()
