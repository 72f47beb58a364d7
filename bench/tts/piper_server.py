"""`python -m piper.http_server`, with a given number of threads.

    piper_server.py THREADS [what the server takes...]
"""

import runpy
import sys

import piper_threads


def main() -> None:
    piper_threads.limit(int(sys.argv[1]))
    del sys.argv[1]
    runpy.run_module("piper.http_server", run_name="__main__")


if __name__ == "__main__":
    main()
