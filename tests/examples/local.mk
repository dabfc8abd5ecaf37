# SPDX-License-Identifier: MIT

check_PROGRAMS += %D%/test_lines
%C%_test_lines_SOURCES = \
	%D%/test_lines.c \
	examples/plugin-protocol/clerk.c \
	examples/plugin-protocol/conn.c \
	examples/plugin-protocol/conn.h \
	examples/plugin-protocol/lines.h \
	examples/plugin-protocol/plugin.c
%C%_test_lines_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_lines_LDADD    = tests/support/libsupport.la $(CUNIT_LIBS) -lpthread
