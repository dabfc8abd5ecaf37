# SPDX-License-Identifier: MIT

%C%_sources = \
	%D%/answer.c \
	%D%/body.c \
	%D%/cache.c \
	%D%/cache.h \
	%D%/conditional.c \
	%D%/conditional.h \
	%D%/content.c \
	%D%/date.c \
	%D%/date.h \
	%D%/encoding.c \
	%D%/encoding.h \
	%D%/files.h \
	%D%/folder.c \
	%D%/handle.c \
	%D%/limits.h \
	%D%/listing.c \
	%D%/listing.h \
	%D%/load.c \
	%D%/lookup.c \
	%D%/open.h \
	%D%/open_linux.c \
	%D%/open_other.c \
	%D%/open_walk.c \
	%D%/plugin.c \
	%D%/range.c \
	%D%/range.h \
	%D%/root.c \
	%D%/safe_path.c \
	%D%/safe_path.h \
	%D%/type.c \
	%D%/type.h

EXTRA_DIST += %D%/README.md

# For the tests and for static builds.
noinst_LTLIBRARIES += %D%/libfiles.la
%C%_libfiles_la_SOURCES  = $(%C%_sources)
%C%_libfiles_la_CPPFLAGS = $(SDK_CPPFLAGS) -DNAVE_STATIC_PLUGIN

if !STATIC_PLUGINS
plugin_LTLIBRARIES += %D%/files.la
%C%_files_la_SOURCES  = $(%C%_sources)
%C%_files_la_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_files_la_LDFLAGS  = $(PLUGIN_LINK)
endif

static_plugin_names     += files
static_plugin_libs      += %D%/libfiles.la
uninstalled_plugin_dirs += $(abs_top_builddir)/%D%/.libs
