# SPDX-License-Identifier: MIT

%C%_sources = \
	%D%/arena.c \
	%D%/arena.h \
	%D%/config.c \
	%D%/echo.c \
	%D%/exact.c \
	%D%/find.c \
	%D%/handlers.c \
	%D%/limits.h \
	%D%/match.c \
	%D%/methods.c \
	%D%/methods.h \
	%D%/path.c \
	%D%/path.h \
	%D%/plugin.c \
	%D%/respond.c \
	%D%/router.h \
	%D%/trie.c \
	%D%/trie.h \
	%D%/words.h

EXTRA_DIST += %D%/README.md

# For the tests and for static builds.
noinst_LTLIBRARIES += %D%/librouter.la
%C%_librouter_la_SOURCES  = $(%C%_sources)
%C%_librouter_la_CPPFLAGS = $(SDK_CPPFLAGS) -DNAVE_STATIC_PLUGIN

if !STATIC_PLUGINS
plugin_LTLIBRARIES += %D%/router.la
%C%_router_la_SOURCES  = $(%C%_sources)
%C%_router_la_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_router_la_LDFLAGS  = $(PLUGIN_LINK)
endif

static_plugin_names     += router
static_plugin_libs      += %D%/librouter.la
uninstalled_plugin_dirs += $(abs_top_builddir)/%D%/.libs
