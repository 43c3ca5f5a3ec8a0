"""`docker` as far as the container runner uses it: a container is a process of this machine, a mount a path replaced.

Images are named `PYTHON MODULE:tag`, or like a console script beside this Python. FAKE_DOCKER holds the running ones.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

HOME = Path(os.environ["FAKE_DOCKER"])
FLAGS = {"--rm", "-i", "--init"}
OPTIONS = {"--name", "--network", "-v", "--cap-drop", "--security-opt"}


def command_of(image: str) -> list[str]:
    name = image.rpartition("/")[2].partition(":")[0]
    script = Path(sys.executable).with_name(name)
    return [str(script)] if script.exists() else [sys.executable, "-m", name]


def run(words: list[str]) -> int:
    name, mounts = "", []
    with (HOME / "asked").open("a") as asked:
        asked.write(" ".join(words) + "\n")
    while words[0].startswith("-"):
        word = words.pop(0)
        if word in OPTIONS:
            value = words.pop(0)
            name = value if word == "--name" else name
            mounts += [value.split(":")[:2]] if word == "-v" else []
        elif word not in FLAGS:
            print(f"unknown flag: {word}", file=sys.stderr)
            return 125
    command = [*command_of(words[0]), *words[1:]]
    for here, there in mounts:
        command = [word.replace(there, here) for word in command]
    container = subprocess.Popen(command, start_new_session=True)
    (HOME / name).write_text(str(container.pid))
    signal.signal(signal.SIGTERM, lambda *_: container.terminate())
    code = container.wait()
    (HOME / name).unlink(missing_ok=True)
    return code if code >= 0 else 128 - code


def kill(name: str) -> int:
    with (HOME / "killed").open("a") as killed:
        killed.write(name + "\n")
    try:
        os.kill(int((HOME / name).read_text()), signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError):
        print(f"No such container: {name}", file=sys.stderr)
        return 1
    return 0


def main() -> int:
    verb, *words = sys.argv[1:]
    match verb:
        case "run":
            return run(words)
        case "kill":
            return kill(words[0])
    print(f"docker: {verb} is not a command", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
