"""Answers the questions of the program: one JSON value a line in, one a line out. Scripts of this folder come after it."""

import json
import sys
import time


def seconds(work):
    """What `work` takes, in seconds."""
    started = time.perf_counter()
    work()
    return {"seconds": time.perf_counter() - started}


def answer(handlers):
    """Calls the handler that `do` names with the rest of the question, until the input ends."""
    for line in sys.stdin:
        question = json.loads(line)
        try:
            result = handlers[question.pop("do")](**question)
        except Exception as error:
            result = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(result), flush=True)


