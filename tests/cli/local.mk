# SPDX-License-Identifier: MIT
#
# The program from outside: what it says, what it writes, and what describes it.

check_PROGRAMS += %D%/test_notify
%C%_test_notify_SOURCES  = %D%/test_notify.c cli/notify.c
%C%_test_notify_CPPFLAGS = $(SDK_CPPFLAGS) -I$(top_srcdir)/tests/support -I$(top_srcdir)/cli
%C%_test_notify_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_top
%C%_test_top_SOURCES  = %D%/test_top.c cli/sample.c cli/top_show.c
%C%_test_top_CPPFLAGS = $(SDK_CPPFLAGS) -I$(top_srcdir)/tests/support -I$(top_srcdir)/cli
%C%_test_top_LDADD    = $(CUNIT_LIBS)

check_LTLIBRARIES += %D%/kinds.la
%C%_kinds_la_SOURCES  = %D%/kinds_plugin.c
%C%_kinds_la_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_kinds_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

TESTS += %D%/completion %D%/completion_zsh %D%/documented %D%/output %D%/said %D%/schema
EXTRA_DIST += %D%/completion %D%/completion_zsh %D%/documented %D%/goldens %D%/output %D%/said %D%/schema
