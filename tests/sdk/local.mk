# SPDX-License-Identifier: MIT

check_PROGRAMS += %D%/test_inlines
%C%_test_inlines_SOURCES  = %D%/test_inlines.c
%C%_test_inlines_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_inlines_LDADD    = $(CUNIT_LIBS)

TESTS += %D%/headers_alone
EXTRA_DIST += %D%/headers_alone %D%/end_define.c %D%/end_handlers.c
