# SPDX-License-Identifier: MIT
#
# The tests mirror the tree. Each program of check_PROGRAMS is a test; so is each script that a
# fragment adds to TESTS.

include tests/support/local.mk
include tests/sdk/local.mk
include tests/abi/local.mk
include tests/cli/local.mk
include tests/docs/local.mk
include tests/core/local.mk
include tests/async/local.mk
include tests/config/local.mk
include tests/host/local.mk
include tests/http1/local.mk
include tests/router/local.mk
include tests/files/local.mk
include tests/tcp/local.mk
include tests/sim/local.mk
include tests/fuzz/local.mk
include tests/model/local.mk
include tests/bench/local.mk
include tests/examples/local.mk
include tests/e2e/local.mk
include tests/packaging/local.mk

TESTS += $(check_PROGRAMS)

# Where the uninstalled plugins are, where the reference cases are. The caller may say otherwise.
AM_TESTS_ENVIRONMENT = \
	NAVE_PLUGIN_PATH="$$(echo $(uninstalled_plugin_dirs) | tr ' ' :)"; \
	export NAVE_PLUGIN_PATH; \
	NAVE_CASES_DIR="$${NAVE_CASES_DIR:-$(abs_top_srcdir)/tests/data}"; export NAVE_CASES_DIR; \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	CC='$(CC)'; export CC; CXX='$(CXX)'; export CXX;
