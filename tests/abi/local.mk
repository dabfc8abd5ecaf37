# SPDX-License-Identifier: MIT
#
# A plugin built from the headers of each minor, as they were frozen, and what reads it today.

check_LTLIBRARIES += %D%/frozen_1_0.la
%C%_frozen_1_0_la_SOURCES  = %D%/frozen.c
%C%_frozen_1_0_la_CPPFLAGS = -I$(top_srcdir)/sdk/abi/headers/1.0
%C%_frozen_1_0_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_PROGRAMS += %D%/test_frozen
%C%_test_frozen_SOURCES  = %D%/test_frozen.c
%C%_test_frozen_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_frozen_LDADD    = $(CUNIT_LIBS) $(DL_LIBS)

TESTS += %D%/headers_frozen %D%/symbols
EXTRA_DIST += %D%/headers_frozen %D%/symbols
