"""A stand-in for a mesh VPN (Tailscale, ZeroTier): neither can be had as a package here, and this speaks neither's language.
It does what both do to the router: a node asks a rendezvous over UDP by which address it is seen, learns its peer's from it,
and both send to each other at once from the ports that they asked with. Where that fails, both connect to a relay over TCP.

    mesh.py rendezvous ADDRESS PORT           tells each of two nodes where the other is seen
    mesh.py relay ADDRESS PORT                joins two connections
    mesh.py direct NAME PORT RENDEZVOUS PORT  a node that binds PORT; prints `direct from HOST:PORT` when it hears its peer
    mesh.py relayed NAME RELAY PORT           a node by way of the relay; prints `relayed` when it hears its peer
"""

import select
import socket
import sys
import time


def rendezvous(address, port):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, int(port)))
    print("ready", flush=True)
    seen = {}
    while True:
        name, sender = server.recvfrom(100)
        seen[name] = sender
        print("seen", name.decode(), *sender, flush=True)
        for one, where in seen.items():
            for other, there in seen.items():
                if one != other:
                    server.sendto(f"{there[0]} {there[1]}".encode(), where)


def relay(address, port):
    server = socket.create_server((address, int(port)))
    print("ready", flush=True)
    ends = [server.accept()[0] for _ in range(2)]
    while True:
        for end in select.select(ends, [], [])[0]:
            data = end.recv(100)
            if not data:
                return
            ends[1 - ends.index(end)].sendall(data)


def direct(name, port, server, server_port):
    node = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    node.bind(("", int(port)))
    node.settimeout(0.2)
    server = (server, int(server_port))
    peer = None
    until = time.monotonic() + 8
    while time.monotonic() < until:
        node.sendto(name.encode(), server)
        if peer:
            node.sendto(b"from " + name.encode(), peer)
        try:
            data, sender = node.recvfrom(100)
        except (socket.timeout, ConnectionError):
            continue
        if sender == server:
            host, number = data.decode().split()
            peer = (host, int(number))
        elif data.startswith(b"from "):
            print("direct from", f"{sender[0]}:{sender[1]}", flush=True)
            # The peer may not have heard us yet.
            for _ in range(20):
                node.sendto(b"from " + name.encode(), sender)
                time.sleep(0.1)
            return
    print("no direct way", flush=True)


def relayed(name, server, port):
    try:
        node = socket.create_connection((server, int(port)), timeout=5)
        node.sendall(b"from " + name.encode())
        if node.recv(100).startswith(b"from "):
            print("relayed", flush=True)
            time.sleep(2)
            return
    except OSError:
        pass
    print("no relay", flush=True)


globals()[sys.argv[1]](*sys.argv[2:])
