#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The server that everyone writes when learning sockets: tutorial.py HOST PORT. Its print is left out."""
import socket
import sys

s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((sys.argv[1], int(sys.argv[2])))
s.listen(5)
while True:
    c, addr = s.accept()
    try:
        c.send(b"Thank you for connecting\r\n")
    except OSError:
        pass
    c.close()
