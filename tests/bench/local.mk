# SPDX-License-Identifier: MIT

TESTS += %D%/find_build
EXTRA_DIST += %D%/find_build
