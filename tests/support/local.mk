# SPDX-License-Identifier: MIT
#
# libsupport: what stands in for the host, the workers and the network in tests of plugins.

check_LTLIBRARIES += %D%/libsupport.la
%C%_libsupport_la_SOURCES = \
	%D%/fake_host.c \
	%D%/fake_host.h \
	%D%/mem_stream.c \
	%D%/mem_stream.h
%C%_libsupport_la_CPPFLAGS = $(TEST_CPPFLAGS)

# For runs with NAVE_TEST_BACKEND: see tests/local.mk.
check_LTLIBRARIES += %D%/backend_preload.la
%C%_backend_preload_la_SOURCES  = %D%/backend_preload.c
%C%_backend_preload_la_CPPFLAGS = -D_GNU_SOURCE $(EVENT_CFLAGS)
%C%_backend_preload_la_LDFLAGS  = $(AM_LDFLAGS) -module -avoid-version -rpath $(abs_builddir)
%C%_backend_preload_la_LIBADD   = $(EVENT_LIBS) $(DL_LIBS)

# For programs that read failing.h.
FAILING_LINK = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc \
	-Wl,--wrap=aligned_alloc,--wrap=strdup,--wrap=strndup

EXTRA_DIST += \
	%D%/failing.h \
	%D%/need_libs.h \
	%D%/test_main.h
