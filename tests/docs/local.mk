# SPDX-License-Identifier: MIT
#
# What is written is true: examples build, links lead somewhere, pages are clean.

TESTS += %D%/errors %D%/examples %D%/guides %D%/links %D%/lint %D%/modules %D%/operator
EXTRA_DIST += %D%/errors %D%/examples %D%/guides %D%/links %D%/lint %D%/modules %D%/operator
