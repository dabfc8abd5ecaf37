# SPDX-License-Identifier: MIT

check_PROGRAMS += %D%/test_notify
%C%_test_notify_SOURCES  = %D%/test_notify.c cli/notify.c
%C%_test_notify_CPPFLAGS = $(SDK_CPPFLAGS) -I$(top_srcdir)/tests/support -I$(top_srcdir)/cli
%C%_test_notify_LDADD    = core/libnavecore.la $(CUNIT_LIBS)
