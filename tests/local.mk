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
include tests/lines/local.mk
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
	CC='$(CC)'; export CC; CXX='$(CXX)'; export CXX; \
	if test -n "$$NAVE_TEST_BACKEND"; then \
	  LD_PRELOAD='$(abs_top_builddir)/tests/support/.libs/backend_preload.so'; export LD_PRELOAD; fi;

# What opens sockets or waits for something, once more on each of the lesser backends of libevent that are
# here: docs/internals/reactor.md. Not for builds with sanitizers, which must be loaded first.
BACKENDS = poll select

.PHONY: check-backends
check-backends:
	@tests=`for t in $(TESTS); do case $$t in \
	  tests/core/*|tests/host/*|tests/http1/*|tests/files/*|tests/tcp/*|tests/sim/*|tests/examples/*|tests/e2e/*) \
	    echo $$t;; esac; done`; \
	for backend in $(BACKENDS); do \
	  echo "backend $$backend"; \
	  NAVE_TEST_BACKEND=$$backend $(MAKE) $(AM_MAKEFLAGS) check TESTS="`echo $$tests`" || exit 1; \
	done
