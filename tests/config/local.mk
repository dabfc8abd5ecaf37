# SPDX-License-Identifier: MIT

check_LTLIBRARIES += %D%/mini.la
%C%_mini_la_SOURCES  = %D%/mini_plugin.c
%C%_mini_la_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_mini_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_PROGRAMS += %D%/test_loader
%C%_test_loader_SOURCES  = %D%/test_loader.c %D%/mini_plugin.c
%C%_test_loader_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN \
	-DMINI_SO='"$(abs_top_builddir)/%D%/.libs/mini.so"'
%C%_test_loader_LDADD    = core/libnavecore.la $(CUNIT_LIBS)
