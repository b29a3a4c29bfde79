#!/usr/bin/env python3
"""Sends one line of 100 MB, as far as anybody takes it."""
import os, socket
fd = socket.socket(fileno=int(os.environ["CRASHPOINT_FD"]))
try:
    for _ in range(100):
        fd.sendall(b"x" * 1_000_000)
except OSError:
    raise SystemExit(9)
