"""What cloudflared and Tailscale publish about their files, as a check: `rules.py cloudflared|tailscale FILE`.

Neither can be had here as a program that checks a file: cloudflared comes from no package registry, and a tailnet's
policy is checked by Tailscale's own servers. The rules are those of cloudflared's ingress (its page "Configuration file"
and `cloudflared tunnel ingress validate`) and of Tailscale's page "Syntax reference for the tailnet policy file".
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


{"cloudflared": cloudflared, "tailscale": tailscale}[sys.argv[1]](open(sys.argv[2]).read())
