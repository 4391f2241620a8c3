"""The ``kshift`` command: the same program as the one built with Cargo."""

import sys
from typing import NoReturn

from kshift import _kshift

INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command with the arguments of this process, and exit with its code."""
    try:
        code = _kshift.main(sys.argv[1:])
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


if __name__ == "__main__":
    main()
