"""`journalctl`: there is no journal but the console, which GetConsoleOutput gives."""

import sys

sys.exit("journalctl is not emulated: what units say is on the instance's console")
