"""What holds for all tests: no deadlines in property tests, since machines are shared, and Ctrl-C works.

In CI (the variable CI is set) there are more random runs.
"""

import os
import signal

from hypothesis import settings

settings.register_profile("ikecli", deadline=None, max_examples=100 if os.environ.get("CI") else 25)
settings.load_profile("ikecli")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background jobs
    signal.signal(signal.SIGINT, signal.default_int_handler)
