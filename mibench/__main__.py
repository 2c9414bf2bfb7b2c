"""`python -m mibench` is the program `mibench`."""

from mibench.cli import main

if __name__ == "__main__":
    main()
