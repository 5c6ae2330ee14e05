"""``python -m twin``: the command line, where the script ``twin`` is not on the path."""

import sys

from twin.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
