"""Ways in which a process ends, forks or is interrupted while it logs. Arguments: the case, a directory.

Each case logs to the run `<directory>/run`, and writes "<key> <number>" into `<directory>/told` for each call that
returned.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import medialog

CASES: dict[str, Callable[[Path], object]] = {}


def case(function: Callable[[Path], object]) -> Callable[[Path], object]:
    CASES[function.__name__] = function
    return function


def begin(folder: Path, **options: Any) -> medialog.Run:
    return medialog.init(dir=folder, id="run", quiet=True, **options)


def say(key: str, number: int) -> None:
    """Tell that a row is logged: one write to the end of a file, so that threads and processes do not mix."""
    with open(sys.argv[2] + "/told", "ab", 0) as file:
        file.write(f"{key} {number}\n".encode())


def log(run: medialog.Run, key: str, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        run.log({key: number, "picture": medialog.Image(np.full((4, 4), number % 256, np.uint8))})
        say(key, number)


def endlessly(run: medialog.Run) -> None:
    for number in range(10**9):
        run.log({"a": number})
        say("a", number)


def signal_myself(number: int, times: int = 1, every: float = 0.05) -> threading.Thread:
    """Send a signal to this process from a thread, while it is at work."""

    def send() -> None:
        for _ in range(times):
            time.sleep(every)
            os.kill(os.getpid(), number)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


# --- signals ---


@case
def sigterm(folder: Path) -> None:
    run = begin(folder)
    signal_myself(signal.SIGTERM)
    endlessly(run)


@case
def sigterm_that_finishes(folder: Path) -> None:
    run = begin(folder)

    def handler(number: int, frame: object) -> None:
        medialog.finish(exit_code=143)
        sys.exit(143)

    signal.signal(signal.SIGTERM, handler)
    signal_myself(signal.SIGTERM)
    endlessly(run)


@case
def sigterm_that_exits(folder: Path) -> None:
    run = begin(folder)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    signal_myself(signal.SIGTERM)
    endlessly(run)


@case
def signal_that_logs(folder: Path) -> None:
    run = begin(folder)
    received = 0

    def handler(number: int, frame: object) -> None:
        nonlocal received
        run.log({"signal": received})
        say("signal", received)
        received += 1

    signal.signal(signal.SIGUSR1, handler)
    sender = signal_myself(signal.SIGUSR1, times=100, every=0.002)
    number = 0
    while sender.is_alive():
        log(run, "a", 1, number)
        number += 1
    run.finish()


@case
def interrupts(folder: Path) -> None:
    """Ctrl-C anywhere; `step` says whether the call that it cut was made."""
    run = begin(folder)
    log(run, "a", 1)  # an import that is cut begins anew, and 200 cuts in a row are not what is tried here
    armed = False
    cut = 0

    def interrupt(number: int, frame: object) -> None:
        nonlocal armed, cut
        if armed:
            armed = False
            cut += 1
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    sender = signal_myself(signal.SIGINT, times=300, every=0.001)
    number = 1
    while sender.is_alive():
        picture = medialog.Image(np.full((4, 4), number % 256, np.uint8))
        try:
            armed = True
            run.log({"a": number, "picture": picture})
            armed = False
        except KeyboardInterrupt:
            pass
        if run.step > number:
            say("a", number)
            number += 1
    run.finish()
    print(cut, flush=True)


# --- ends ---


@case
def hard_exit(folder: Path) -> None:
    log(begin(folder), "a", 30)
    os._exit(7)


@case
def exit_in_midst(folder: Path) -> None:
    log(begin(folder), "a", 30)
    sys.exit(3)


@case
def unhandled_error(folder: Path) -> None:
    log(begin(folder), "a", 30)
    raise ValueError("of the training")


@case
def error_in_with(folder: Path) -> None:
    with begin(folder) as run:
        log(run, "a", 30)
        raise ValueError("of the training")


@case
def errors_at_exit(folder: Path) -> None:
    def fail() -> None:
        raise ValueError("at exit")

    atexit.register(fail)
    log(begin(folder), "a", 30)
    atexit.register(fail)


@case
def logs_at_exit(folder: Path) -> None:
    """Functions at exit run last in, first out: what was registered after `init` comes before its `finish`."""
    atexit.register(lambda: log(medialog.run or begin(folder, resume=True), "after", 1))
    run = begin(folder)
    atexit.register(log, run, "before", 1)
    atexit.register(run.log, {"open": 1}, commit=False)


@case
def logs_after_finish_at_exit(folder: Path) -> None:
    def late() -> None:
        try:
            run.log({"late": 0})
        except medialog.RunError as error:
            print(type(error).__name__, flush=True)

    atexit.register(late)
    run = begin(folder)
    log(run, "a", 3)


class LogsWhenDeleted:
    def __init__(self, run: medialog.Run, number: int) -> None:
        self.run, self.number = run, number

    def __del__(self) -> None:
        self.run.log({"deleted": self.number})
        say("deleted", self.number)


@case
def deleted_while_logging(folder: Path) -> None:
    """Garbage that logs is collected in the midst of other calls."""
    run = begin(folder)
    gc.set_threshold(7, 1, 1)
    for number in range(200):
        garbage = [LogsWhenDeleted(run, number)]
        garbage.append(garbage)  # type: ignore[arg-type]
        del garbage
        log(run, "a", 1, number)
    gc.collect()
    run.finish()


@case
def deleted_at_shutdown(folder: Path) -> None:
    global _left
    run = begin(folder)
    log(run, "a", 3)
    _left = LogsWhenDeleted(run, 0)


_left: object = None


@case
def open_row(folder: Path) -> None:
    run = begin(folder)
    log(run, "a", 3)
    run.log({"open": 1}, commit=False)


@case
def closed_output(folder: Path) -> None:
    """With stdout and stderr closed their numbers are free: the run's file must not get them."""
    log(begin(folder), "a", 3)
    for number in (1, 2):
        try:
            os.write(number, b"from a library in C\n")
        except OSError:
            continue
    print("to nobody")
    subprocess.run(["/bin/echo", "from another program"], check=False)
    log(medialog.run, "a", 3, 3)  # type: ignore[arg-type]


# --- processes ---


def in_child(key: str, count: int) -> None:
    run = medialog.run
    assert run is not None
    log(run, key, count)


def spawned(folder: Path, number: int) -> None:
    try:
        medialog.log({"a": 0})
    except medialog.NotInitialised:
        os.environ["RANK"] = str(number)
        with begin(folder, resume=True) as run:
            log(run, f"rank{number}", 20)


def with_processes(
    method: str, target: Callable[..., None], arguments: list[tuple[Any, ...]], run: medialog.Run
) -> None:
    context: Any = multiprocessing.get_context(method)
    processes = [context.Process(target=target, args=each) for each in arguments]
    for process in processes:
        process.start()
    log(run, "parent", 20, 10)
    for process in processes:
        process.join()
        if process.exitcode:
            sys.exit(90)


@case
def fork_that_logs(folder: Path) -> None:
    run = begin(folder)
    log(run, "parent", 10)
    run.log({"open": 1}, commit=False)
    with_processes("fork", in_child, [("child0", 20), ("child1", 20)], run)


@case
def fork_that_does_not(folder: Path) -> None:
    run = begin(folder)
    log(run, "parent", 10)
    with_processes("fork", time.sleep, [(0.01,), (0.01,)], run)


@case
def fork_that_exits(folder: Path) -> None:
    """A forked child that ends like a script: its functions at exit run, `finish` among them."""
    run = begin(folder)
    log(run, "parent", 10)
    run.log({"open": 1}, commit=False)
    if os.fork() == 0:
        sys.exit(0)
    os.wait()
    log(run, "parent", 10, 10)


@case
def fork_that_logs_and_exits(folder: Path) -> None:
    run = begin(folder)
    log(run, "parent", 10)
    if os.fork() == 0:
        log(run, "child", 10)
        sys.exit(0)
    os.wait()
    log(run, "parent", 10, 10)


@case
def fork_while_a_thread_logs(folder: Path) -> None:
    """The thread holds the lock of the run when the child is made, and does not exist in the child.

    All that is imported on the way is imported before: a fork while a thread imports is Python's own deadlock.
    """
    run = begin(folder)
    log(run, "before", 1)
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            log(run, "thread", 1, number)
            number += 1

    thread = threading.Thread(target=work)
    thread.start()
    children = []
    for number in range(20):
        pid = os.fork()
        if pid == 0:
            code = 91
            try:
                log(run, f"child{number}", 2)
                code = 0
            finally:
                os._exit(code)
        children.append(pid)
    codes = [os.waitpid(pid, 0)[1] for pid in children]
    stop.set()
    thread.join()
    sys.exit(any(codes) * 90)


@case
def spawn(folder: Path) -> None:
    run = begin(folder)
    with_processes("spawn", spawned, [(folder, 1), (folder, 2)], run)


@case
def forkserver(folder: Path) -> None:
    run = begin(folder)
    with_processes("forkserver", spawned, [(folder, 1), (folder, 2)], run)


@case
def sent_to_a_process(folder: Path) -> None:
    run = begin(folder)
    log(run, "a", 3)
    try:
        multiprocessing.get_context("spawn").Process(target=log, args=(run, "b", 1)).start()
    except medialog.RunError as error:
        print(type(error).__name__, flush=True)


# --- threads and tasks ---


@case
def threads(folder: Path) -> None:
    run = begin(folder)
    workers = [threading.Thread(target=log, args=(run, f"thread{number}", 50)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


@case
def daemon_threads(folder: Path) -> None:
    """They log until the interpreter is gone; what comes after `finish` is refused."""
    run = begin(folder)

    def work(key: str) -> None:
        try:
            log(run, key, 10**9)
        except medialog.RunClosed:
            return

    for number in range(4):
        threading.Thread(target=work, args=(f"thread{number}",), daemon=True).start()
    time.sleep(0.1)


@case
def tasks(folder: Path) -> None:
    run = begin(folder)

    async def work(key: str) -> None:
        for number in range(30):
            log(run, key, 1, number)
            await asyncio.sleep(0)

    async def all_of_them() -> None:
        loop = asyncio.get_running_loop()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            in_threads = [loop.run_in_executor(pool, log, run, f"executor{number}", 30) for number in range(4)]
            await asyncio.gather(*(work(f"task{number}") for number in range(4)), *in_threads)

    asyncio.run(all_of_them())


if __name__ == "__main__":
    CASES[sys.argv[1]](Path(sys.argv[2]))
