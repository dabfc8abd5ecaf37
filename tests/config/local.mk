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

check_PROGRAMS += %D%/test_value
%C%_test_value_SOURCES  = %D%/test_value.c
%C%_test_value_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_value_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_digest
%C%_test_digest_SOURCES  = %D%/test_digest.c
%C%_test_digest_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_digest_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_conf
%C%_test_conf_SOURCES  = %D%/test_conf.c tests/support/failing.h %D%/told.h
%C%_test_conf_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_test_conf_LDFLAGS  = $(FAILING_LINK)
%C%_test_conf_LDADD    = core/libnavecore.la $(JANSSON_LIBS) $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_conf_files
%C%_test_conf_files_SOURCES  = %D%/test_conf_files.c tests/support/failing.h %D%/told.h
%C%_test_conf_files_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_conf_files_LDFLAGS  = $(FAILING_LINK)
%C%_test_conf_files_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_options
%C%_test_options_SOURCES  = %D%/test_options.c tests/support/failing.h %D%/told.h
%C%_test_options_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_options_LDFLAGS  = $(FAILING_LINK)
%C%_test_options_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_manifest
%C%_test_manifest_SOURCES  = %D%/test_manifest.c tests/support/failing.h
%C%_test_manifest_CPPFLAGS = $(TEST_CPPFLAGS) -DPLUGINS='"$(abs_top_builddir)/plugins"' \
	-DMINI_SO='"$(abs_top_builddir)/%D%/.libs/mini.so"'
%C%_test_manifest_LDFLAGS  = $(FAILING_LINK)
%C%_test_manifest_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_schema
%C%_test_schema_SOURCES  = %D%/test_schema.c
%C%_test_schema_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_schema_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

TESTS += %D%/hostile %D%/refused
EXTRA_DIST += \
	%D%/hostile \
	%D%/goldens \
	%D%/refused
