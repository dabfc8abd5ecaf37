# SPDX-License-Identifier: MIT
#
# Whole runtimes, simulated (nave/sim.h).

check_PROGRAMS += %D%/test_sim
%C%_test_sim_SOURCES  = %D%/test_sim.c %D%/client.c %D%/client.h
%C%_test_sim_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_sim_LDADD    = plugins/router/librouter.la plugins/http1/libhttp1.la plugins/tcp/libtcp.la \
	core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_streams
%C%_test_streams_SOURCES  = %D%/test_streams.c
%C%_test_streams_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_streams_LDADD    = plugins/tcp/libtcp.la core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/sweep
%C%_sweep_SOURCES = \
	%D%/belt.c \
	%D%/belt.h \
	%D%/client.c \
	%D%/client.h \
	%D%/load.c \
	%D%/load.h \
	%D%/scenario.c \
	%D%/scenario.h \
	%D%/sweep.c
%C%_sweep_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_sweep_LDADD    = plugins/router/librouter.la plugins/http1/libhttp1.la plugins/tcp/libtcp.la \
	core/libnavecore.la

check_PROGRAMS += %D%/test_world
%C%_test_world_SOURCES = \
	%D%/raw.c \
	%D%/raw.h \
	%D%/test_world.c \
	%D%/world_rig.h \
	tests/support/failing.h
%C%_test_world_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_world_LDFLAGS  = $(FAILING_LINK)
%C%_test_world_LDADD    = plugins/tcp/libtcp.la core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_faults
%C%_test_faults_SOURCES  = %D%/raw.c %D%/raw.h %D%/test_faults.c %D%/world_rig.h
%C%_test_faults_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_faults_LDADD    = plugins/tcp/libtcp.la core/libnavecore.la $(CUNIT_LIBS)

dist_check_SCRIPTS += %D%/replay
TESTS              += %D%/replay

check_PROGRAMS += %D%/test_promises
%C%_test_promises_SOURCES  = %D%/test_promises.c
%C%_test_promises_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_promises_LDADD    = core/libnavecore.la $(CUNIT_LIBS)
