#!/usr/bin/env python3
"""Speaks, but not the protocol; then stays."""
import os, signal, socket
fd = socket.socket(fileno=int(os.environ["CRASHPOINT_FD"]))
fd.sendall(b"\x00\xffI am no message\n")
signal.pause()
