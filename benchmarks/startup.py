"""How long `mibench --help` takes beside a Python that does nothing. The limit is ten times as long."""

import statistics
import subprocess
import sys
import time

LIMIT = 10
RUNS = 21


def seconds(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main() -> None:
    plain = [sys.executable, "-c", "pass"]
    helped = [sys.executable, "-m", "mibench", "--help"]
    times = [(seconds(plain), seconds(helped)) for _ in range(RUNS + 1)][1:]
    nothing, help_ = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = help_ / nothing
    print("| python -c pass | mibench --help | ratio |\n|---:|---:|---:|")
    print(f"| {1000 * nothing:.0f} ms | {1000 * help_:.0f} ms | {ratio:.1f} |")
    if ratio > LIMIT:
        raise SystemExit(f"over the limit of {LIMIT}")


if __name__ == "__main__":
    main()
