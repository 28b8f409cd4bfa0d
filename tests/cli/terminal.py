#!/usr/bin/env python3
"""Terminals and signals, with real ones: commands that touch the terminal, Ctrl-C, a terminal that is closed, SIGHUP, SIGKILL.
Usage: terminal.py PHOTOFINISH [--light]"""
import json
import os
import pathlib
import pty
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time

PROGRAM = os.path.realpath(sys.argv[1])
LIGHT = "--light" in sys.argv
LIMIT = 600  # seconds: a busy machine is slow, a hang is for ever
failures = 0


def check(name, good, told=""):
    global failures
    failures += not good
    print(f"{'ok     ' if good else 'FAILED '} {name}{'' if good else ': ' + repr(told)}", flush=True)


def alive(text):
    """Processes whose command line has `text` in it, zombies apart."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if text in line and state != "Z" and int(entry.name) != os.getpid():
            found.append(line)
    return found


def until(condition):
    """Waits for it; returns what it is in the end."""
    end = time.monotonic() + LIMIT
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


class Terminal:
    """A command line in a terminal of its own, as its session's leader has it."""

    def __init__(self, line, cwd):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execvp("bash", ["bash", "-c", line])
        self.text, self.status = "", None

    def read(self, condition=lambda: False):
        """Until the end, or the condition holds."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end and not condition():
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:
                    data = b""
                if not data:
                    break
                self.text += data.decode(errors="replace")
        return self

    def end(self):
        """The exit status, or None if it does not end."""
        self.read()
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                break
            time.sleep(0.02)
        else:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)
        return self.status


def in_terminal(work):
    # The line after it needs the terminal, too: it has come back.
    end = "; code=$?; stty -a </dev/tty >modes; echo code $code"
    time_line = f"{PROGRAM} time -q -r 2 --export-json out.json"
    for name, command in (("an interactive shell", "bash -i -c exit"),
                          ("one below another", "sh -c 'bash -i -c exit; bash -i -c exit'"),
                          ("terminal modes", "sh -c 'stty -echo </dev/tty; stty echo </dev/tty'"),
                          ("reading from it", "sh -c 'read -t 0.1 line </dev/tty || :'")):
        terminal = Terminal(f"{time_line} -- {command}{end}", work)
        terminal.end()
        check(f"time: {name}", "code 0" in terminal.text and " echo " in (work / "modes").read_text(), terminal.text)

    terminal = Terminal(f"{time_line} -- sh -c 'stty -echo </dev/tty; touch begun; sleep 98761; :'{end}", work)
    # dash loses a Ctrl-C that comes while it starts a program (20 of 678 times without photofinish, on a busy machine).
    terminal.read(lambda: (work / "begun").exists() and any(line.startswith("sleep") for line in alive("sleep 98761")))
    os.write(terminal.fd, b"\x03")
    terminal.end()
    check("time: Ctrl-C while a command has the terminal", "code 130" in terminal.text, terminal.text)
    check("... gives back the terminal as it was", " echo " in (work / "modes").read_text(), (work / "modes").read_text())
    check("... and ends the command", until(lambda: not alive("sleep 98761")))

    terminal = Terminal(f"{time_line} --timeout 2 -- bash -i -c 'sleep 98762; :'{end}", work)
    terminal.end()
    check("time: the limit of a shell with jobs in groups of their own", "killed after 2 s" in terminal.text, terminal.text)
    check("... ends those, too", until(lambda: not alive("sleep 98762")))

    terminal = Terminal(f"set -m; {time_line} -- bash -i -c exit & wait $!; echo code $?", work)
    terminal.end()
    check("time: in the background a command cannot have the terminal, which is said",
          "code 2" in terminal.text and "not in the foreground" in terminal.text, terminal.text)


def closed_terminal(work):
    """The terminal goes, with progress and figures on their way to it."""
    terminal = Terminal(f"{PROGRAM} time -r 1000 --cleanup 'touch cleaned' --export-json partial.json -- "
                        "sh -c 'echo >>runs; sleep 0.05' -- sleep 0.01", work)
    terminal.read(lambda: (work / "runs").exists() and (work / "runs").read_text().count("\n") >= 4)
    os.close(terminal.fd)
    check("time: the terminal is closed: clean-ups are run", until((work / "cleaned").exists))
    check("... the whole rounds are kept", until((work / "partial.json").exists) and
          json.loads((work / "partial.json").read_text())["stopped"] == "request")
    check("... and nothing is left running", until(lambda: not alive("touch cleaned")), alive("touch cleaned"))
    os.waitpid(terminal.pid, 0)


def signals(work):
    environment = dict(os.environ, PHOTOFINISH_HISTORY="", PHOTOFINISH_DATA=str(work / "data"))

    def start(*words):
        return subprocess.Popen(words, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True, start_new_session=True)

    def mark(name):
        (work / name).unlink(missing_ok=True)
        return work / name

    begun, cleaned = mark("begun"), mark("cleaned")
    process = start(PROGRAM, "time", "-q", "-r", "50", "--cleanup", "touch cleaned", "--", "sh", "-c", "touch begun; sleep 98763; :")
    until(begun.exists)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=LIMIT)
    check("time: SIGHUP is treated as SIGINT", process.returncode == 130 and cleaned.exists(), process.returncode)
    check("... and leaves nothing", until(lambda: not alive("sleep 98763")))

    begun = mark("begun")
    process = start("nohup", PROGRAM, "time", "-q", "-r", "1", "--", "sh", "-c", "touch begun; sleep 0.3; kill -HUP $$; echo x")
    until(begun.exists)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=LIMIT)
    check("time: nohup holds, for commands, too", process.returncode == 0, process.returncode)

    for name, command in (("", "touch begun; sleep 98764 & sleep 98764; :"),
                          (", in groups of their own", "set -m; sleep 98764 & touch begun; sleep 98764; :")):
        begun = mark("begun")
        process = start(PROGRAM, "time", "-q", "--", "bash", "-c", command)
        until(begun.exists)
        process.kill()
        process.communicate()
        check(f"time: SIGKILL leaves no command{name}", until(lambda: not alive("sleep 98764")), alive("sleep 98764"))

    if LIGHT:
        return
    subprocess.run([PROGRAM, "dataset", "make", "tiny"], cwd=work, env=environment, check=True, capture_output=True)
    slow = f"slow=touch begun; sleep 98765; : {{scores}}"
    for command in (["run", "slow", "--command", slow], ["compare", "slow", "slow", "--command", slow]):
        for number, code in ((signal.SIGHUP, 130), (signal.SIGKILL, -signal.SIGKILL)):
            begun = mark("begun")
            process = start(PROGRAM, *command, "--dataset", "tiny")
            until(begun.exists)
            process.send_signal(number)
            _, told = process.communicate(timeout=LIMIT)
            check(f"{command[0]}: {number.name}", process.returncode == code, (process.returncode, told))
            check("... leaves no command", until(lambda: not alive("sleep 98765")), alive("sleep 98765"))

    record = mark("record.json")
    process = start(PROGRAM, "journey", "--dataset", "tiny", "--rounds", "1000", "--only", "single-load,parallel", "--json", "record.json",
                    "--progress", "json")
    rounds = 0
    for line in process.stderr:
        rounds += '"kind":"trial_start"' in line
        if rounds > 8:
            break
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=LIMIT)
    check("journey: SIGHUP keeps the whole rounds", process.returncode == 130 and json.loads(record.read_text())["partial"],
          process.returncode)

    process = start(PROGRAM, "dataset", "make", "dash", "--progress", "json")
    process.stderr.readline()
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=LIMIT)
    check("dataset make: SIGHUP", process.returncode == 130, process.returncode)
    check("... leaves nothing", until(lambda: not alive("dataset make event")))


with tempfile.TemporaryDirectory(prefix="photofinish-") as folder:
    in_terminal(pathlib.Path(folder))
    closed_terminal(pathlib.Path(folder))
    signals(pathlib.Path(folder))
sys.exit(bool(failures))
