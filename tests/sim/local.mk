# SPDX-License-Identifier: MIT
#
# Whole runtimes, simulated (nave/sim.h).

check_PROGRAMS += %D%/test_sim
%C%_test_sim_SOURCES  = %D%/test_sim.c %D%/client.c %D%/client.h
%C%_test_sim_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_sim_LDADD    = plugins/router/librouter.la plugins/http1/libhttp1.la plugins/tcp/libtcp.la \
	core/libnavecore.la $(CUNIT_LIBS)
