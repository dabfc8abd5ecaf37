# SPDX-License-Identifier: MIT

check_PROGRAMS += %D%/test_conditional %D%/test_range %D%/test_names %D%/test_open

%C%_test_conditional_SOURCES  = %D%/test_conditional.c
%C%_test_conditional_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_conditional_LDADD    = plugins/files/libfiles.la $(CUNIT_LIBS)

%C%_test_range_SOURCES  = %D%/test_range.c
%C%_test_range_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_range_LDADD    = plugins/files/libfiles.la $(CUNIT_LIBS)

%C%_test_names_SOURCES  = %D%/test_names.c
%C%_test_names_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_names_LDADD    = plugins/files/libfiles.la tests/support/libsupport.la $(CUNIT_LIBS) -lpthread

%C%_test_open_SOURCES  = %D%/test_open.c
%C%_test_open_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_open_LDADD    = plugins/files/libfiles.la $(CUNIT_LIBS) -lpthread

# The handler behind http1, over a tree of files.
%C%_rig_libs = plugins/files/libfiles.la plugins/http1/libhttp1.la core/libnavecore.la \
	tests/support/libsupport.la $(CUNIT_LIBS) -lpthread

check_PROGRAMS += %D%/test_files %D%/test_files_cache %D%/test_files_parts
%C%_test_files_SOURCES  = %D%/test_files.c %D%/files_rig.c %D%/files_rig.h
%C%_test_files_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_files_LDADD    = $(%C%_rig_libs)

%C%_test_files_cache_SOURCES  = %D%/test_files_cache.c %D%/files_rig.c %D%/files_rig.h
%C%_test_files_cache_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_files_cache_LDADD    = $(%C%_rig_libs)

%C%_test_files_parts_SOURCES  = %D%/test_files_parts.c %D%/files_rig.c %D%/files_rig.h
%C%_test_files_parts_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_files_parts_LDADD    = $(%C%_rig_libs)
