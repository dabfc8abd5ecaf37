# SPDX-License-Identifier: MIT

TESTS += %D%/arguments %D%/find_build
EXTRA_DIST += %D%/arguments %D%/find_build
