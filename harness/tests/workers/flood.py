#!/usr/bin/env python3
"""Sends messages without end and without a marker."""
import os, socket
fd = socket.socket(fileno=int(os.environ["CRASHPOINT_FD"]))
fd.sendall(b'{"hello":{"protocol":1,"name":"flood"}}\n')
try:
    while True:
        fd.sendall(b'{"facts":{"n":1}}\n' * 1000)
except OSError:
    raise SystemExit(9)
