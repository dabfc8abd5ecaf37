# SPDX-License-Identifier: MIT
#
# The whole program, from outside: sockets, signals, exit status.

TESTS += %D%/serve %D%/checked %D%/install %D%/browser %D%/service %D%/reload

EXTRA_DIST += %D%/serve %D%/checked %D%/install %D%/browser %D%/service %D%/reload

# Logs: forms, places, rotation, readers that stand still.
TESTS += %D%/log
EXTRA_DIST += %D%/log

# The host programs of examples/, and all of it built from an installation alone.
TESTS += %D%/embed %D%/outside
EXTRA_DIST += %D%/embed %D%/outside %D%/walk.py

# The plugin files, with curl.
TESTS += %D%/files
EXTRA_DIST += %D%/files

# nave dump of tasks that wait for each thing there is.
check_LTLIBRARIES += %D%/waits.la
%C%_waits_la_SOURCES  = %D%/waits_plugin.c
%C%_waits_la_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_waits_la_LDFLAGS  = $(TEST_PLUGIN_LINK)
%C%_waits_la_LIBADD   = -lpthread
TESTS += %D%/dump
EXTRA_DIST += %D%/dump

# The admin socket, nave top and nave metrics; admin_metrics.txt is what metrics look like.
TESTS += %D%/admin
EXTRA_DIST += %D%/admin %D%/admin_metrics.txt %D%/exposition.py

# A plugin that never returns.
TESTS += %D%/stuck
EXTRA_DIST += %D%/stuck
