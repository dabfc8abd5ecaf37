# SPDX-License-Identifier: MIT

check_PROGRAMS += %D%/test_inlines
%C%_test_inlines_SOURCES  = %D%/test_inlines.c
%C%_test_inlines_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_inlines_LDADD    = $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_handlers
%C%_test_handlers_SOURCES  = %D%/test_handlers.c
%C%_test_handlers_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_handlers_LDADD    = tests/support/libsupport.la $(CUNIT_LIBS) -lpthread

TESTS += %D%/headers_alone %D%/tags_needed
EXTRA_DIST += %D%/headers_alone %D%/tags_needed %D%/end_define.c %D%/end_handlers.c
