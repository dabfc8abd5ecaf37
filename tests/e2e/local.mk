# SPDX-License-Identifier: MIT
#
# The whole program, from outside: sockets, signals, exit status.

TESTS += %D%/serve

if !STATIC_PLUGINS
check_LTLIBRARIES += %D%/plugin_defer.la
%C%_plugin_defer_la_SOURCES  = %D%/plugin_defer.c
%C%_plugin_defer_la_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_plugin_defer_la_LDFLAGS  = $(TEST_PLUGIN_LINK)
endif

EXTRA_DIST += \
	%D%/plugin_defer.c \
	%D%/serve
