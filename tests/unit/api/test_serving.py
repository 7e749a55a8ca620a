"""Serving in a real process: what a stop signal is told to, and in whose name."""

from __future__ import annotations

from tests.fakes.processes import run_program

PROGRAM = """
import os, signal, socket, threading, urllib.request
from backend.api.serving import ServingOptions, run_app
from backend.kit.log_context import bind_log_context, log_context

told = []

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"].removeprefix("lifespan.")
            await send({"type": f"lifespan.{kind}.complete"})
            if kind == "shutdown":
                return
            threading.Thread(target=urllib.request.urlopen, args=(f"http://127.0.0.1:{port}/",)).start()
    else:
        with bind_log_context(request_id="req_1", user_id="user_1"):
            os.kill(os.getpid(), signal.SIGTERM)  # its handler runs here, in the middle of the request
            told.append(dict(log_context()))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

with socket.socket() as listening:
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    port = listening.getsockname()[1]
    run_app(app, listening, ServingOptions(), on_stop=lambda: told.append(dict(log_context())))
print(told)
"""


def test_a_stop_signal_is_not_told_in_the_name_of_the_request_it_interrupts(tmp_path):
    """The lines a stopping server writes belong to nobody's request."""
    done = run_program("-c", PROGRAM, folder=tmp_path)
    assert done.stdout == "[{'request_id': 'req_1', 'user_id': 'user_1'}, {}]\n", done.stderr
