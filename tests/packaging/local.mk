# SPDX-License-Identifier: MIT

TESTS += %D%/containerfile %D%/symbols

EXTRA_DIST += %D%/containerfile %D%/symbols
