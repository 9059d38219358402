"""Run meio from a checkout: ``python cli.py --help``."""

from meio.cli import main

if __name__ == "__main__":
    main()
