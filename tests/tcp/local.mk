# SPDX-License-Identifier: MIT

%C%_rig = %D%/rig.c %D%/rig.h

check_PROGRAMS += %D%/test_wait
%C%_test_wait_SOURCES  = %D%/test_wait.c $(%C%_rig)
%C%_test_wait_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_wait_LDADD    = plugins/tcp/libtcp.la tests/support/libsupport.la $(CUNIT_LIBS) $(DL_LIBS)

check_PROGRAMS += %D%/test_affinity
%C%_test_affinity_SOURCES  = %D%/test_affinity.c $(%C%_rig)
%C%_test_affinity_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_affinity_LDADD    = plugins/tcp/libtcp.la tests/support/libsupport.la $(CUNIT_LIBS) $(DL_LIBS)

check_PROGRAMS += %D%/test_stream %D%/test_listener %D%/test_write_file %D%/test_inherit

%C%_test_stream_SOURCES  = %D%/test_stream.c $(%C%_rig)
%C%_test_stream_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_stream_LDADD    = plugins/tcp/libtcp.la tests/support/libsupport.la $(CUNIT_LIBS) $(DL_LIBS)

%C%_test_listener_SOURCES  = %D%/test_listener.c $(%C%_rig)
%C%_test_listener_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_listener_LDADD    = plugins/tcp/libtcp.la tests/support/libsupport.la $(CUNIT_LIBS) $(DL_LIBS)

%C%_test_write_file_SOURCES  = %D%/test_write_file.c $(%C%_rig)
%C%_test_write_file_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_write_file_LDADD    = plugins/tcp/libtcp.la tests/support/libsupport.la $(CUNIT_LIBS) $(DL_LIBS)

%C%_test_inherit_SOURCES  = %D%/test_inherit.c $(%C%_rig)
%C%_test_inherit_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_inherit_LDADD    = plugins/tcp/libtcp.la tests/support/libsupport.la $(CUNIT_LIBS) $(DL_LIBS)
