# SPDX-License-Identifier: MIT
#
# libnavecore: all objects, for tests too (hidden symbols are reachable there).

noinst_LTLIBRARIES += %D%/libnavecore.la
%C%_libnavecore_la_CPPFLAGS = $(CORE_CPPFLAGS) $(EVENT_CFLAGS) $(MD_CFLAGS)
%C%_libnavecore_la_LIBADD = $(EVENT_LIBS) $(MD_LIBS) $(DL_LIBS) -lpthread
%C%_libnavecore_la_SOURCES =

# base: what any program could use
%C%_libnavecore_la_SOURCES += \
	%D%/base/counter.c \
	%D%/base/counter.h \
	%D%/base/cpus.c \
	%D%/base/cpus.h \
	%D%/base/json_out.c \
	%D%/base/json_out.h \
	%D%/base/list.h \
	%D%/base/near.c \
	%D%/base/near.h \
	%D%/base/nv_err.c \
	%D%/base/nv_err.h \
	%D%/base/out.c \
	%D%/base/out.h \
	%D%/base/sized.c \
	%D%/base/sized.h \
	%D%/base/value.c \
	%D%/base/value.h \
	# end

# log: what is told, and where to
%C%_libnavecore_la_SOURCES += \
	%D%/log/log.c \
	%D%/log/log.h \
	%D%/log/log_file.c \
	%D%/log/log_format.c \
	%D%/log/log_format.h \
	%D%/log/log_rate.c \
	%D%/log/log_rate.h \
	%D%/log/log_ring.h \
	%D%/log/log_sink.c \
	%D%/log/log_sink.h \
	%D%/log/log_socket.c \
	%D%/log/log_state.h \
	%D%/log/log_writer.c \
	%D%/log/report.c \
	%D%/log/report.h \
	# end

# conf: from bytes to options
%C%_libnavecore_la_SOURCES += \
	%D%/conf/conf.c \
	%D%/conf/conf.h \
	%D%/conf/conf_expand.c \
	%D%/conf/conf_file.c \
	%D%/conf/conf_file.h \
	%D%/conf/conf_parse.c \
	%D%/conf/conf_scan.c \
	%D%/conf/conf_scan.h \
	%D%/conf/conf_set.c \
	%D%/conf/conf_tree.c \
	%D%/conf/conf_tree.h \
	%D%/conf/conf_write.c \
	%D%/conf/option_rows.c \
	%D%/conf/option_same.c \
	%D%/conf/option_same.h \
	%D%/conf/options.c \
	%D%/conf/options.h \
	# end

# worker: one loop, its timers, memory and tasks; several that share tasks
%C%_libnavecore_la_SOURCES += \
	%D%/worker/exec.c \
	%D%/worker/exec.h \
	%D%/worker/group.c \
	%D%/worker/group.h \
	%D%/worker/inbox.h \
	%D%/worker/membarrier.h \
	%D%/worker/membarrier_linux.c \
	%D%/worker/poller.h \
	%D%/worker/reactor_libevent.c \
	%D%/worker/ring.h \
	%D%/worker/scheduler.c \
	%D%/worker/scheduler.h \
	%D%/worker/scope.c \
	%D%/worker/scope.h \
	%D%/worker/sim.c \
	%D%/worker/sim.h \
	%D%/worker/slab.c \
	%D%/worker/slab.h \
	%D%/worker/stats.c \
	%D%/worker/stats.h \
	%D%/worker/sync_wait.c \
	%D%/worker/sync_wait.h \
	%D%/worker/task.c \
	%D%/worker/task.h \
	%D%/worker/task_join.c \
	%D%/worker/task_pool.c \
	%D%/worker/task_pool.h \
	%D%/worker/thread_state.h \
	%D%/worker/usage.c \
	%D%/worker/usage.h \
	%D%/worker/wheel.c \
	%D%/worker/wheel.h \
	%D%/worker/worker.c \
	%D%/worker/worker.h \
	%D%/worker/worker_api.c \
	%D%/worker/worker_checked.c \
	%D%/worker/worker_state.h \
	# end

# sync: channels and locks
%C%_libnavecore_la_SOURCES += \
	%D%/sync/broadcast.c \
	%D%/sync/channel.h \
	%D%/sync/channels.c \
	%D%/sync/items.h \
	%D%/sync/lock.c \
	%D%/sync/locks.h \
	%D%/sync/locks_checked.c \
	%D%/sync/meet.c \
	%D%/sync/mpsc.c \
	%D%/sync/mpsc_rx.c \
	%D%/sync/mpsc_state.h \
	%D%/sync/mpsc_tx.c \
	%D%/sync/notify.c \
	%D%/sync/oneshot.c \
	%D%/sync/permits.c \
	%D%/sync/permits.h \
	%D%/sync/watch.c \
	# end

# blocking: threads for calls that block
%C%_libnavecore_la_SOURCES += \
	%D%/blocking/blocking.c \
	%D%/blocking/blocking.h \
	%D%/blocking/blocking_inline.c \
	%D%/blocking/blocking_lane.c \
	%D%/blocking/blocking_lane.h \
	%D%/blocking/blocking_stats.c \
	%D%/blocking/blocking_thread.c \
	%D%/blocking/thread_name.h \
	# end

# plugin: files, manifests, who needs whom
%C%_libnavecore_la_SOURCES += \
	%D%/plugin/catalog.c \
	%D%/plugin/catalog.h \
	%D%/plugin/descriptor.c \
	%D%/plugin/descriptor.h \
	%D%/plugin/digest.c \
	%D%/plugin/digest.h \
	%D%/plugin/graph.c \
	%D%/plugin/graph.h \
	%D%/plugin/loader.c \
	%D%/plugin/loader.h \
	%D%/plugin/manifest.c \
	%D%/plugin/manifest.h \
	%D%/plugin/nv_elf.c \
	%D%/plugin/nv_elf.h \
	%D%/plugin/publish.c \
	%D%/plugin/publish.h \
	%D%/plugin/registry.c \
	%D%/plugin/registry.h \
	%D%/plugin/resolve.c \
	%D%/plugin/schema.c \
	%D%/plugin/schema.h \
	%D%/plugin/schema_fragment.c \
	%D%/plugin/schema_option.c \
	%D%/plugin/sealed.h \
	%D%/plugin/uses.c \
	%D%/plugin/uses.h \
	%D%/plugin/wiring.c \
	%D%/plugin/wiring.h \
	# end

# check: NAVE_CHECK=1
%C%_libnavecore_la_SOURCES += \
	%D%/check/check.c \
	%D%/check/check.h \
	%D%/check/check_rules.c \
	%D%/check/check_rules.h \
	%D%/check/check_tables.c \
	%D%/check/tasks_checked.c \
	# end

# world: a runtime in simulation
%C%_libnavecore_la_SOURCES += \
	%D%/world/world.c \
	%D%/world/world.h \
	%D%/world/world_api.c \
	%D%/world/world_faults.c \
	%D%/world/world_listener.c \
	%D%/world/world_net.c \
	%D%/world/world_net.h \
	%D%/world/world_poller.c \
	%D%/world/world_step.c \
	%D%/world/world_stream.c \
	# end

# admin: looking inside
%C%_libnavecore_la_SOURCES += \
	%D%/admin/admin.c \
	%D%/admin/admin.h \
	%D%/admin/admin_answer.c \
	%D%/admin/admin_answer.h \
	%D%/admin/admin_client.c \
	%D%/admin/admin_path.c \
	%D%/admin/admin_path.h \
	%D%/admin/admin_server.c \
	%D%/admin/admin_server.h \
	%D%/admin/describe.c \
	%D%/admin/describe.h \
	%D%/admin/describe_files.c \
	%D%/admin/describe_graph.c \
	%D%/admin/describe_page.c \
	%D%/admin/describe_plugin.c \
	%D%/admin/describe_plugins.c \
	%D%/admin/describe_usage.c \
	%D%/admin/dump.c \
	%D%/admin/dump.h \
	%D%/admin/dump_calls.c \
	%D%/admin/dump_out.c \
	%D%/admin/metrics.c \
	%D%/admin/metrics.h \
	%D%/admin/metrics_text.c \
	%D%/admin/top_out.c \
	%D%/admin/top_out.h \
	%D%/admin/watchdog.c \
	%D%/admin/watchdog.h \
	# end

# runtime: from configured to stopped
%C%_libnavecore_la_SOURCES += \
	%D%/runtime/beat.c \
	%D%/runtime/beat.h \
	%D%/runtime/builtins.c \
	%D%/runtime/builtins.h \
	%D%/runtime/door.c \
	%D%/runtime/door.h \
	%D%/runtime/gate.c \
	%D%/runtime/gate.h \
	%D%/runtime/inherit.c \
	%D%/runtime/inherit.h \
	%D%/runtime/leaving.c \
	%D%/runtime/leaving.h \
	%D%/runtime/lifecycle.c \
	%D%/runtime/lifecycle.h \
	%D%/runtime/plugin_host.c \
	%D%/runtime/plugin_host.h \
	%D%/runtime/reload.c \
	%D%/runtime/reload.h \
	%D%/runtime/roles.c \
	%D%/runtime/roles.h \
	%D%/runtime/run.c \
	%D%/runtime/run.h \
	%D%/runtime/runtime.c \
	%D%/runtime/runtime.h \
	%D%/runtime/runtime_blocking.c \
	%D%/runtime/runtime_blocking.h \
	%D%/runtime/runtime_config.c \
	%D%/runtime/runtime_document.c \
	%D%/runtime/runtime_log.c \
	%D%/runtime/runtime_log.h \
	%D%/runtime/runtime_run.c \
	%D%/runtime/signals.c \
	%D%/runtime/signals.h \
	%D%/runtime/stragglers.c \
	%D%/runtime/stragglers.h \
	%D%/runtime/switch.c \
	%D%/runtime/switch.h \
	%D%/runtime/threads.c \
	%D%/runtime/threads.h \
	%D%/runtime/threads_drain.c \
	%D%/runtime/threads_parts.h \
	%D%/runtime/threads_world.c \
	# end

# what the system has of it
if HAVE_MEMFD
%C%_libnavecore_la_SOURCES += %D%/plugin/sealed_memfd.c
else
%C%_libnavecore_la_SOURCES += %D%/plugin/sealed_none.c
endif
if HAVE_PROC_TASK
%C%_libnavecore_la_SOURCES += %D%/worker/thread_state_proc.c
else
%C%_libnavecore_la_SOURCES += %D%/worker/thread_state_none.c
endif
if HAVE_PEERCRED
%C%_libnavecore_la_SOURCES += %D%/admin/admin_peer_ucred.c
else
%C%_libnavecore_la_SOURCES += %D%/admin/admin_peer_none.c
endif

if HAVE_THREAD_NAMES
%C%_libnavecore_la_SOURCES += %D%/blocking/thread_name_linux.c
else
%C%_libnavecore_la_SOURCES += %D%/blocking/thread_name_none.c
endif

# The library: a short list of exports, nothing else. version-info is CURRENT:REVISION:AGE.
#   a change inside:             REVISION + 1
#   an export added:             CURRENT + 1, REVISION 0, AGE + 1
#   an export removed, changed:  CURRENT + 1, REVISION 0, AGE 0
lib_LTLIBRARIES += %D%/libnave.la
%C%_libnave_la_SOURCES =
%C%_libnave_la_LIBADD = %D%/libnavecore.la
%C%_libnave_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 \
	-export-symbols-regex '^nave_(version|runtime_[a-z_]+)$$'
