# SPDX-License-Identifier: MIT
#
# libnavecore: all objects, for tests too (hidden symbols are reachable there).

noinst_LTLIBRARIES += %D%/libnavecore.la
%C%_libnavecore_la_CPPFLAGS = $(CORE_CPPFLAGS) $(EVENT_CFLAGS) $(MD_CFLAGS)
%C%_libnavecore_la_LIBADD = $(EVENT_LIBS) $(MD_LIBS) $(DL_LIBS) -lpthread
%C%_libnavecore_la_SOURCES =

# the first floor: workers
%C%_libnavecore_la_SOURCES += \
	%D%/broadcast.c \
	%D%/channel.h \
	%D%/channels.c \
	%D%/exec.c \
	%D%/exec.h \
	%D%/group.c \
	%D%/group.h \
	%D%/inbox.h \
	%D%/items.h \
	%D%/list.h \
	%D%/lock.c \
	%D%/locks.h \
	%D%/locks_checked.c \
	%D%/meet.c \
	%D%/notify.c \
	%D%/permits.c \
	%D%/permits.h \
	%D%/mpsc.c \
	%D%/mpsc_rx.c \
	%D%/mpsc_state.h \
	%D%/mpsc_tx.c \
	%D%/oneshot.c \
	%D%/membarrier.h \
	%D%/membarrier_linux.c \
	%D%/poller.h \
	%D%/reactor_libevent.c \
	%D%/ring.h \
	%D%/scheduler.c \
	%D%/scheduler.h \
	%D%/scope.c \
	%D%/scope.h \
	%D%/signals.c \
	%D%/signals.h \
	%D%/sim.c \
	%D%/sim.h \
	%D%/slab.c \
	%D%/slab.h \
	%D%/task.c \
	%D%/stats.c \
	%D%/stats.h \
	%D%/sync_wait.c \
	%D%/sync_wait.h \
	%D%/task.h \
	%D%/task_join.c \
	%D%/task_pool.c \
	%D%/task_pool.h \
	%D%/usage.c \
	%D%/thread_state.h \
	%D%/watchdog.c \
	%D%/watchdog.h \
	%D%/usage.h \
	%D%/watch.c \
	%D%/wheel.c \
	%D%/wheel.h \
	%D%/worker.c \
	%D%/worker.h \
	%D%/worker_api.c \
	%D%/tasks_checked.c \
	%D%/worker_checked.c \
	%D%/worker_state.h \
	# end

# the log, which knows of reports only
%C%_libnavecore_la_SOURCES += \
	%D%/log.c \
	%D%/log.h \
	%D%/log_file.c \
	%D%/log_format.c \
	%D%/log_format.h \
	%D%/log_rate.c \
	%D%/log_rate.h \
	%D%/log_ring.h \
	%D%/log_sink.c \
	%D%/log_sink.h \
	%D%/log_socket.c \
	%D%/log_state.h \
	%D%/log_writer.c \
	# end

# the second floor: configuration, manifests, loading
%C%_libnavecore_la_SOURCES += \
	%D%/conf.c \
	%D%/conf.h \
	%D%/conf_file.c \
	%D%/conf_file.h \
	%D%/conf_expand.c \
	%D%/conf_parse.c \
	%D%/conf_scan.c \
	%D%/conf_scan.h \
	%D%/conf_set.c \
	%D%/conf_tree.c \
	%D%/conf_tree.h \
	%D%/conf_write.c \
	%D%/nv_elf.c \
	%D%/nv_elf.h \
	%D%/nv_err.c \
	%D%/nv_err.h \
	%D%/descriptor.c \
	%D%/descriptor.h \
	%D%/digest.c \
	%D%/digest.h \
	%D%/loader.c \
	%D%/loader.h \
	%D%/manifest.c \
	%D%/manifest.h \
	%D%/near.c \
	%D%/near.h \
	%D%/option_rows.c \
	%D%/option_same.c \
	%D%/option_same.h \
	%D%/options.c \
	%D%/options.h \
	%D%/report.c \
	%D%/report.h \
	%D%/sealed.h \
	%D%/value.c \
	%D%/value.h \
	# end

# what the system has of it
if HAVE_MEMFD
%C%_libnavecore_la_SOURCES += %D%/sealed_memfd.c
else
%C%_libnavecore_la_SOURCES += %D%/sealed_none.c
endif
if HAVE_PROC_TASK
%C%_libnavecore_la_SOURCES += %D%/thread_state_proc.c
else
%C%_libnavecore_la_SOURCES += %D%/thread_state_none.c
endif
if HAVE_PEERCRED
%C%_libnavecore_la_SOURCES += %D%/admin_peer_ucred.c
else
%C%_libnavecore_la_SOURCES += %D%/admin_peer_none.c
endif

if HAVE_THREAD_NAMES
%C%_libnavecore_la_SOURCES += %D%/thread_name_linux.c
else
%C%_libnavecore_la_SOURCES += %D%/thread_name_none.c
endif

# the third floor: registry, lifecycle, runtime
%C%_libnavecore_la_SOURCES += \
	%D%/beat.c \
	%D%/beat.h \
	%D%/blocking.c \
	%D%/blocking.h \
	%D%/blocking_inline.c \
	%D%/blocking_lane.c \
	%D%/blocking_lane.h \
	%D%/blocking_stats.c \
	%D%/blocking_thread.c \
	%D%/inherit.c \
	%D%/inherit.h \
	%D%/admin.c \
	%D%/admin.h \
	%D%/admin_answer.c \
	%D%/admin_answer.h \
	%D%/admin_client.c \
	%D%/admin_path.c \
	%D%/admin_path.h \
	%D%/admin_server.c \
	%D%/admin_server.h \
	%D%/catalog.c \
	%D%/catalog.h \
	%D%/describe.c \
	%D%/describe.h \
	%D%/describe_files.c \
	%D%/describe_graph.c \
	%D%/describe_page.c \
	%D%/describe_plugin.c \
	%D%/describe_plugins.c \
	%D%/describe_usage.c \
	%D%/dump.c \
	%D%/dump.h \
	%D%/dump_calls.c \
	%D%/dump_out.c \
	%D%/json_out.c \
	%D%/json_out.h \
	%D%/out.c \
	%D%/out.h \
	%D%/schema.c \
	%D%/schema.h \
	%D%/schema_fragment.c \
	%D%/schema_option.c \
	%D%/door.c \
	%D%/door.h \
	%D%/gate.c \
	%D%/gate.h \
	%D%/leaving.c \
	%D%/leaving.h \
	%D%/lifecycle.c \
	%D%/lifecycle.h \
	%D%/metrics.c \
	%D%/metrics.h \
	%D%/metrics_text.c \
	%D%/reload.c \
	%D%/reload.h \
	%D%/roles.c \
	%D%/roles.h \
	%D%/run.c \
	%D%/run.h \
	%D%/runtime.c \
	%D%/runtime_blocking.c \
	%D%/runtime_blocking.h \
	%D%/runtime_config.c \
	%D%/runtime_run.c \
	%D%/runtime_document.c \
	%D%/uses.c \
	%D%/uses.h \
	%D%/runtime_log.c \
	%D%/runtime_log.h \
	%D%/switch.c \
	%D%/switch.h \
	%D%/stragglers.c \
	%D%/stragglers.h \
	%D%/threads.c \
	%D%/threads_drain.c \
	%D%/threads_parts.h \
	%D%/threads_world.c \
	%D%/top_out.c \
	%D%/top_out.h \
	%D%/wiring.c \
	%D%/world.c \
	%D%/world.h \
	%D%/world_api.c \
	%D%/world_faults.c \
	%D%/world_listener.c \
	%D%/world_net.c \
	%D%/world_net.h \
	%D%/world_poller.c \
	%D%/world_step.c \
	%D%/world_stream.c \
	%D%/check.c \
	%D%/check.h \
	%D%/check_rules.c \
	%D%/check_rules.h \
	%D%/check_tables.c \
	%D%/counter.c \
	%D%/counter.h \
	%D%/cpus.c \
	%D%/cpus.h \
	%D%/graph.c \
	%D%/graph.h \
	%D%/plugin_host.c \
	%D%/plugin_host.h \
	%D%/publish.c \
	%D%/publish.h \
	%D%/builtins.c \
	%D%/builtins.h \
	%D%/registry.c \
	%D%/registry.h \
	%D%/resolve.c \
	%D%/runtime.h \
	%D%/sized.c \
	%D%/sized.h \
	%D%/thread_name.h \
	%D%/threads.h \
	%D%/wiring.h \
	# end

# The library: a short list of exports, nothing else. version-info is CURRENT:REVISION:AGE.
#   a change inside:             REVISION + 1
#   an export added:             CURRENT + 1, REVISION 0, AGE + 1
#   an export removed, changed:  CURRENT + 1, REVISION 0, AGE 0
lib_LTLIBRARIES += %D%/libnave.la
%C%_libnave_la_SOURCES =
%C%_libnave_la_LIBADD = %D%/libnavecore.la
%C%_libnave_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 \
	-export-symbols-regex '^nave_(version|runtime_[a-z_]+)$$'
