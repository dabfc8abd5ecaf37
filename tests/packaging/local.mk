# SPDX-License-Identifier: MIT

TESTS += %D%/containerfile

EXTRA_DIST += %D%/containerfile
