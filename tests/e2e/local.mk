# SPDX-License-Identifier: MIT
#
# The whole program, from outside: sockets, signals, exit status.

TESTS += %D%/serve

EXTRA_DIST += %D%/serve
