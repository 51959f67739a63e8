"""What the makers of some programs publish about their files, as a check: `rules.py cloudflared|tailscale|addon FILE`.

None can be had here as a program that checks a file: cloudflared comes from no package registry, a tailnet's policy is
checked by Tailscale's own servers, the options of an add-on by Home Assistant's Supervisor. The rules are those of
cloudflared's ingress (its page "Configuration file" and `cloudflared tunnel ingress validate`), of Tailscale's page
"Syntax reference for the tailnet policy file", and of the `schema` in the community add-on WireGuard's config.yaml.
"""

import ipaddress
import json
import re
import sys
from urllib.parse import urlsplit

import yaml


def cloudflared(text):
    file = yaml.safe_load(text)
    assert set(file) == {"tunnel", "credentials-file", "ingress"}, f"other keys: {sorted(file)}"
    rules = file["ingress"]
    for at, rule in enumerate(rules):
        last = at == len(rules) - 1
        assert set(rule) <= {"hostname", "service", "originRequest"}, f"other keys: {sorted(rule)}"
        assert last == ("hostname" not in rule), "the last rule, and no other, is for every name"
        if not last:
            name = r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]+"
            assert re.fullmatch(name, rule["hostname"]), f"no name: {rule['hostname']}"
        if not re.fullmatch(r"http_status:[1-5]\d\d", rule["service"]):
            where = urlsplit(rule["service"])
            assert where.scheme in {"http", "https"} and where.hostname, f"no address: {rule['service']}"
            assert not where.path and not where.query, f"a path has no place here: {rule['service']}"
            ipaddress.ip_address(where.hostname)
            assert where.port, "the port is said"
        assert set(rule.get("originRequest", {})) <= {"originServerName"}
    names = [rule["hostname"] for rule in rules[:-1]]
    assert len(set(names)) == len(names), "of two rules with one name, the second is never used"


def net(text):
    """An address, or a network without bits of a host; Tailscale refuses others."""
    return ipaddress.ip_network(text)


def tailscale(text):
    # HuJSON has comments; these files have whole lines of them.
    file = json.loads("\n".join(line for line in text.splitlines() if not line.startswith("//")))
    assert set(file) <= {"tagOwners", "grants", "autoApprovers", "nodeAttrs"}, f"other keys: {sorted(file)}"
    tags = set(file["tagOwners"])
    assert all(re.fullmatch(r"tag:[a-zA-Z][a-zA-Z0-9-]*", tag) for tag in tags), f"no tags: {tags}"
    assert all(owner == "autogroup:admin" for owners in file["tagOwners"].values() for owner in owners)

    def place(name, also):
        if name.startswith("tag:"):
            assert name in tags, f"{name} has no owner"
        elif name not in also:
            net(name)

    for grant in file["grants"]:
        assert set(grant) == {"src", "dst", "ip"}, f"other keys: {sorted(grant)}"
        assert all(grant.values()), "an empty list grants nothing and is refused"
        for name in grant["src"]:
            place(name, {"autogroup:member"})
        for name in grant["dst"]:
            place(name, {"autogroup:internet"})
        for one in grant["ip"]:
            assert re.fullmatch(r"\*|(tcp|udp|sctp):(\*|\d+(-\d+)?)|(icmp|\d+):\*", one), f"no port: {one}"
            ports = [int(port) for port in re.findall(r"(?<=[:-])\d+", one)]
            assert ports == sorted(ports) and all(port < 65536 for port in ports), f"no port: {one}"
    approvers = file["autoApprovers"]
    assert set(approvers) <= {"routes", "exitNode"}
    for route, who in approvers.get("routes", {}).items():
        net(route)
        assert set(who) <= tags
    assert set(approvers.get("exitNode", [])) <= tags
    for one in file.get("nodeAttrs", []):
        assert set(one) == {"target", "attr"} and set(one["target"]) <= tags and one["attr"] == ["funnel"]


def addon(text):
    file = yaml.safe_load(text)
    assert set(file) == {"server", "peers"}, f"other keys: {sorted(file)}"
    server = file["server"]
    assert set(server) == {"host", "addresses", "dns"}, f"other keys: {sorted(server)}"
    assert isinstance(server["host"], str) and ":" not in server["host"], "a host without its port"
    assert server["addresses"] and all(ipaddress.ip_interface(one) for one in server["addresses"])
    assert all(ipaddress.ip_address(one) for one in server["dns"])
    for peer in file["peers"]:
        must = {"name", "addresses", "allowed_ips", "client_allowed_ips"}
        assert must <= set(peer) <= must | {"public_key"}, f"other keys: {sorted(peer)}"
        name = r"[a-zA-Z0-9](?:[a-zA-Z0-9]|-(?=[a-zA-Z0-9])){0,32}"
        assert re.fullmatch(name, peer["name"]), f"no name: {peer['name']}"
        assert peer["addresses"] and all(ipaddress.ip_address(one) for one in peer["addresses"])
        # Without any, the add-on sends everything through the tunnel.
        assert peer["client_allowed_ips"] and all(net(one) for one in peer["client_allowed_ips"])


{"cloudflared": cloudflared, "tailscale": tailscale, "addon": addon}[sys.argv[1]](open(sys.argv[2]).read())
