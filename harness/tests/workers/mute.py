#!/usr/bin/env python3
"""Says hello, takes its job, and is never heard of again."""
import os, signal, socket
fd = socket.socket(fileno=int(os.environ["CRASHPOINT_FD"]))
fd.sendall(b'{"hello":{"protocol":1,"name":"mute"}}\n')
fd.recv(1 << 20)
signal.pause()
